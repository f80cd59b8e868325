output "network" {
  description = "Id of the network."
  value       = google_compute_network.this.id
}

output "subnetwork" {
  description = "Id of the subnetwork; its secondary ranges are `pods` and `services`."
  value       = google_compute_subnetwork.this.id
}
