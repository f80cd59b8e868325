variable "name" {
  description = "First part of the policies' names."
  type        = string
}

variable "subscription" {
  description = "Name of the subscription of notifications."
  type        = string
}

variable "dead_letter_subscription" {
  description = "Name of the dead-letter topic's subscription."
  type        = string
}

variable "notification_channels" {
  description = "Ids of the notification channels that are told."
  type        = list(string)
}
