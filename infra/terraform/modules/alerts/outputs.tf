output "policies" {
  description = "Ids of the alert policies, by what they watch."
  value       = { for key, policy in merge(google_monitoring_alert_policy.backlog, google_monitoring_alert_policy.query) : key => policy.id }
}
