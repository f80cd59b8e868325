variable "name" {
  description = "First part of the instance's name."
  type        = string
}

variable "region" {
  description = "Region of the instance."
  type        = string
}

variable "network" {
  description = "Id of the network that reaches it."
  type        = string
}

variable "reserved_range" {
  description = "Addresses of the instance. The NetworkPolicy `head` of infra/kubernetes lets only the head reach them."
  type        = string
  default     = "172.16.0.16/29"
}
