output "source_bucket" {
  description = "Name of the bucket that is watched for drops."
  value       = google_storage_bucket.source.name
}

output "output_bucket" {
  description = "Name of the bucket of outputs."
  value       = google_storage_bucket.output.name
}
