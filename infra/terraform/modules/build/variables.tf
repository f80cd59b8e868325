variable "name" {
  description = "First part of the names of the trigger and its service account."
  type        = string
}

variable "project" {
  description = "Id of the project."
  type        = string
}

variable "region" {
  description = "Region of the trigger and of the registry."
  type        = string
}

variable "repository" {
  description = "GitHub repository that is connected to Cloud Build, as `owner/name`."
  type        = string
}

variable "registry" {
  description = "Name of the Artifact Registry repository that images are stored in."
  type        = string
}

variable "image" {
  description = "Name of the image, without a tag."
  type        = string
}
