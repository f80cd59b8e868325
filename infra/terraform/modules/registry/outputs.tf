output "repository" {
  description = "Name of the repository."
  value       = google_artifact_registry_repository.this.name
}

output "image" {
  description = "Name of the image, without a tag."
  value       = "${var.region}-docker.pkg.dev/${google_artifact_registry_repository.this.project}/${google_artifact_registry_repository.this.repository_id}/dropforge"
}
