variable "name" {
  description = "Name of the network, its subnetwork, router and NAT."
  type        = string
}

variable "region" {
  description = "Region of the subnetwork."
  type        = string
}
