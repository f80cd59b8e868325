variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "region" {
  description = "Region of the cluster; its control plane is in three zones of it."
  type        = string
}

variable "network" {
  description = "Id of the network."
  type        = string
}

variable "subnetwork" {
  description = "Id of the subnetwork, with secondary ranges `pods` and `services`."
  type        = string
}

variable "registry" {
  description = "Name of the Artifact Registry repository that nodes pull from."
  type        = string
}

variable "control_plane_range" {
  description = "Addresses of the control plane. The NetworkPolicy `head` of infra/kubernetes lets the head, which runs the autoscaler, reach it."
  type        = string
  default     = "172.16.0.0/28"
}

variable "operator_networks" {
  description = "CIDR ranges, by name, that may reach the private control plane endpoint."
  type        = map(string)
}

variable "removable" {
  description = "Whether `terraform destroy` may delete the cluster."
  type        = bool
}
