variable "name" {
  description = "Value of the pods' label `app`, and first part of the metric's name."
  type        = string
}
