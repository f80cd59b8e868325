output "image_metric" {
  description = "Name of the log-based metric of images that were not found."
  value       = google_logging_metric.image_not_found.name
}
