output "address" {
  description = "HOST:PORT of the instance."
  value       = "${google_redis_instance.this.host}:${google_redis_instance.this.port}"
}

output "password" {
  description = "Password that Redis asks for."
  value       = google_redis_instance.this.auth_string
  sensitive   = true
}
