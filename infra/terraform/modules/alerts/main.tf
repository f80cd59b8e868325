# What needs a person. Each policy says what is wrong and what to do.

locals {
  subscription_series = "resource.type = \"pubsub_subscription\" AND resource.label.subscription_id = \"%s\" AND metric.type = \"pubsub.googleapis.com/subscription/%s\""

  # Thresholds on Pub/Sub's own series, which are there even when the cluster is not.
  backlogs = {
    notifications = {
      name   = "Drops wait"
      filter = format(local.subscription_series, var.subscription, "oldest_unacked_message_age")
      above  = 600
      advice = "The oldest notification has waited for more than 10 minutes: nobody accepts drops. See `kubectl get rayservice` and the application's `/health`. Nothing is lost for 7 days."
    }

    dead_letters = {
      name   = "Dead letters"
      filter = format(local.subscription_series, var.dead_letter_subscription, "num_undelivered_messages")
      above  = 0
      advice = "Shards or notifications ran out of retries. `dropforge runs` shows which; mend the cause, then replay them. They are kept for 31 days."
    }
  }

  # PromQL over the series that the PodMonitoring of infra/kubernetes collects.
  queries = {
    unhealthy = {
      name     = "A deployment is not healthy"
      query    = "min by (deployment) (ray_serve_deployment_status{application=\"dropforge\"}) != 6"
      duration = "600s"
      advice   = "Serve has not brought this deployment up for 10 minutes. `kubectl describe rayservice` and the Serve page of the Ray dashboard say why."
    }

    gone = {
      name     = "No deployment reports"
      query    = "absent(ray_serve_deployment_status{application=\"dropforge\"})"
      duration = "900s"
      advice   = "No Ray cluster has reported for 15 minutes. Drops wait in the subscription; infra/README.md, \"The cluster is lost\"."
    }

    stuck = {
      name     = "A run is stuck"
      query    = "max(ray_dropforge_oldest_open_run_seconds) > 6 * 3600"
      duration = "300s"
      advice   = "A run has been open for 6 hours. `dropforge runs` shows its progress; with none, look at the logs of its run id."
    }

    dependency = {
      name     = "A dependency does not answer"
      query    = "min by (dependency) (ray_dropforge_dependency_healthy) == 0"
      duration = "600s"
      advice   = "A bucket, topic or subscription has not answered for 10 minutes; `/health` gives the reason. A missing permission shows like this too."
    }
  }
}

resource "google_monitoring_alert_policy" "backlog" {
  for_each = local.backlogs

  display_name          = "${var.name}: ${each.value.name}"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.notification_channels

  conditions {
    display_name = each.value.name

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = "300s"

      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    content = each.value.advice
  }
}

resource "google_monitoring_alert_policy" "query" {
  for_each = local.queries

  display_name          = "${var.name}: ${each.value.name}"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.notification_channels

  conditions {
    display_name = each.value.name

    condition_prometheus_query_language {
      query               = each.value.query
      duration            = each.value.duration
      evaluation_interval = "60s"
      # A policy may be made before the first pod has ever reported.
      disable_metric_validation = true
    }
  }

  documentation {
    content = each.value.advice
  }
}
