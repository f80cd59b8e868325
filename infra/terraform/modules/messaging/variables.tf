variable "name" {
  description = "Name of the topic and the subscription, and first part of the dead-letter topic's."
  type        = string
}

variable "region" {
  description = "The one region that messages are stored in."
  type        = string
}

variable "project_number" {
  description = "Number of the project, which Pub/Sub's service agent is named by."
  type        = string
}

variable "source_bucket" {
  description = "Name of the bucket whose new objects are announced."
  type        = string
}

variable "watched_prefix" {
  description = "Only objects below this prefix are announced."
  type        = string
}

variable "delivery_attempts" {
  description = "Deliveries before a notification is dead-lettered."
  type        = number
}

variable "push_endpoint" {
  description = "URL that notifications are pushed to; empty: they are pulled."
  type        = string
}
