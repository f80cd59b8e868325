output "image" {
  description = "Name of the image without a tag; `docker push` and the overlays use it."
  value       = module.registry.image
}

output "source_bucket" {
  description = "Where drops go, below the watched prefix."
  value       = module.buckets.source_bucket
}

output "output_bucket" {
  description = "Where outputs, rejects and images are found."
  value       = module.buckets.output_bucket
}

output "settings" {
  description = "The overlay's settings.env: the application's settings as environment variables."
  value       = join("", [for name, value in local.settings : "DROPFORGE_${name}=${value}\n"])
}

output "cluster" {
  description = "The overlay's cluster.env: what the manifests need to know of this project's cluster."
  value       = <<-EOT
    WORKLOAD_POOL=${var.project}.svc.id.goog
    REDIS_ADDRESS=${try(module.head_store[0].address, "")}
  EOT
}

output "fetcher_credentials" {
  description = "The overlay's fetcher-credentials.json: how image fetchers get tokens without the metadata server. Holds no secret."
  value       = module.identity.fetcher_credentials
}

output "redis_password" {
  description = "Password of the head's store, for the Secret of infra/README.md; null in dev."
  value       = one(module.head_store[*].password)
  sensitive   = true
}
