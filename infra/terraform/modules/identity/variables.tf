variable "name" {
  description = "Name of the cluster and of its namespace."
  type        = string
}

variable "project" {
  description = "Id of the project, which its workload identity pool is named by."
  type        = string
}

variable "project_number" {
  description = "Number of the project."
  type        = string
}

variable "region" {
  description = "Region of the cluster."
  type        = string
}

variable "source_bucket" {
  description = "Name of the bucket that is watched for drops."
  type        = string
}

variable "output_bucket" {
  description = "Name of the bucket of outputs."
  type        = string
}

variable "image_prefix" {
  description = "Prefix in the output bucket that image fetchers may write below."
  type        = string
}

variable "subscription" {
  description = "Name of the subscription of notifications."
  type        = string
}

variable "dead_letter_topic" {
  description = "Name of the dead-letter topic."
  type        = string
}

variable "dead_letter_subscription" {
  description = "Name of the dead-letter topic's subscription."
  type        = string
}
