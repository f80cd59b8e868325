variable "location" {
  description = "Region of both buckets."
  type        = string
}

variable "source_bucket" {
  description = "Name of the bucket that is watched for drops."
  type        = string
}

variable "output_bucket" {
  description = "Name of the bucket of outputs, rejects, images and the work area."
  type        = string
}

variable "work_prefix" {
  description = "Prefix of run records and parts in the output bucket."
  type        = string
}

variable "scratch_days" {
  description = "Days after which rows, rejects and composites of shards are deleted."
  type        = number
}

variable "removable" {
  description = "Whether `terraform destroy` may delete buckets that hold objects."
  type        = bool
}
