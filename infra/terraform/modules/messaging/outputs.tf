output "subscription" {
  description = "Name of the subscription of notifications."
  value       = google_pubsub_subscription.notifications.name
}

output "dead_letter_topic" {
  description = "Name of the dead-letter topic."
  value       = google_pubsub_topic.dead_letters.name
}

output "dead_letter_subscription" {
  description = "Name of the dead-letter topic's subscription."
  value       = google_pubsub_subscription.dead_letters.name
}

output "push_account" {
  description = "E-mail of the service account that signs what is pushed; null where nothing is."
  value       = one(google_service_account.push[*].email)
}
