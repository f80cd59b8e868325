variable "project" {
  description = "Id of the Google Cloud project that everything is made in."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the buckets, the cluster and the registry. One region, so that no byte between them is billed."
  type        = string
  default     = "europe-west1"
}

variable "environment" {
  description = "`prod`: two replicas of what matters survive a zone, and nothing can be destroyed by mistake. `dev`: cheap and removable."
  type        = string
  default     = "prod"

  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "environment is \"dev\" or \"prod\"."
  }
}

variable "name" {
  description = "Name of the cluster, the network, the namespace, the topic and the subscription, and first part of the others. `serve_app/config/settings.py` calls its subscription `dropforge`."
  type        = string
  default     = "dropforge"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}[a-z0-9]$", var.name))
    error_message = "name is 3 to 22 lower-case letters, digits and hyphens, and starts with a letter: service account ids add 8 more, and may have 30."
  }
}

variable "source_bucket" {
  description = "Bucket that is watched for drops; empty: `PROJECT-NAME-in`."
  type        = string
  default     = ""
}

variable "output_bucket" {
  description = "Bucket of outputs, rejects, images and the work area; empty: `PROJECT-NAME-out`."
  type        = string
  default     = ""
}

variable "watched_prefix" {
  description = "Only objects below this prefix are announced. The same as the application's setting of this name."
  type        = string
  default     = "in/"
}

variable "image_prefix" {
  description = "Fixed first part of the application's setting `image_folder`; image fetchers can write nowhere else."
  type        = string
  default     = "images/"

  validation {
    condition     = endswith(var.image_prefix, "/")
    error_message = "image_prefix ends in a slash."
  }
}

variable "work_prefix" {
  description = "Prefix of run records and parts in the output bucket. The same as the application's setting of this name."
  type        = string
  default     = "_dropforge/"
}

variable "scratch_days" {
  description = "Days after which the rows, rejects and composites of a shard are deleted. An incomplete run can be replayed for as long; outputs, images and run records stay."
  type        = number
  default     = 30

  validation {
    condition     = var.scratch_days >= 8
    error_message = "scratch_days is 8 or more: a notification may wait for 7 days before its run starts."
  }
}

variable "delivery_attempts" {
  description = "Times Pub/Sub delivers a notification before it goes to the dead-letter topic."
  type        = number
  default     = 10

  validation {
    condition     = var.delivery_attempts >= 5 && var.delivery_attempts <= 100
    error_message = "delivery_attempts is from 5 to 100."
  }
}

variable "push_endpoint" {
  description = "HTTPS URL of the application's push endpoint (`https://HOST/pubsub/push`). Empty, as it should be on GKE: the application pulls."
  type        = string
  default     = ""

  validation {
    condition     = var.push_endpoint == "" || startswith(var.push_endpoint, "https://")
    error_message = "push_endpoint is an https:// URL."
  }
}

variable "operator_networks" {
  description = "CIDR ranges, by name, that may reach the cluster's private control plane endpoint, such as a VPN. Everyone else comes through the DNS endpoint, where IAM decides."
  type        = map(string)
  default     = {}
}

variable "notification_channels" {
  description = "Ids of Cloud Monitoring notification channels that alerts go to."
  type        = list(string)
  default     = []
}

variable "repository" {
  description = "GitHub repository (`owner/name`, connected to Cloud Build) whose pushes to main build an image. Empty: no trigger."
  type        = string
  default     = ""

  validation {
    condition     = var.repository == "" || can(regex("^[^/]+/[^/]+$", var.repository))
    error_message = "repository is like owner/name."
  }
}
