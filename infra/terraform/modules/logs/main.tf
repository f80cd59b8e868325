locals {
  pods = "resource.type=\"k8s_container\" AND labels.\"k8s-pod/app\"=\"${var.name}\""

  # Ray's own processes write plain text to standard error, which Cloud Logging takes for errors, whatever it says.
  # No backslash in either: the query language has its own use for them.
  chatter = "^(${join("|", [
    "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:,]+[[:space:]]+(INFO|WARNING)[[:space:]]",
    "[[][0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:,]+ [IW] ",
    "(INFO|WARNING) [0-9]{4}-",
    ":(job_id|actor_name|task_name):",
    "[0-9.]+ - - [[].*GET /metrics",
    "======== Running on|[(]Press CTRL",
    "[[:space:]]*$",
  ])})"
  fault = "ERROR|CRITICAL|Traceback|Error:"
}

# What Ray tells of an ordinary day is not stored, so that `severity=ERROR` finds errors. `kubectl logs` shows all of it.
# The application's events are JSON with a severity of their own, and none is left out.
resource "google_logging_project_exclusion" "ray_chatter" {
  name        = "${var.name}-ray-chatter"
  description = "Plain text of Ray's processes that reports no fault"
  filter      = <<-EOT
    ${local.pods}
    AND (
      textPayload=~"${local.chatter}"
      OR (resource.labels.container_name="autoscaler" AND textPayload:* AND NOT textPayload=~"${local.fault}")
    )
  EOT
}

# The log-based metric of the reference guide: images that were not found, by node.
resource "google_logging_metric" "image_not_found" {
  name        = "${var.name}_image_not_found"
  description = "Images that were not found"
  filter      = "${local.pods} AND severity=ERROR AND jsonPayload.message=~\"ray_worker_node_id.+Image.+not found$\""

  label_extractors = {
    gke_node           = "EXTRACT(labels.\"compute.googleapis.com/resource_name\")"
    ray_worker_node_id = "EXTRACT(labels.ray_worker_node_id)"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    labels {
      key = "gke_node"
    }

    labels {
      key = "ray_worker_node_id"
    }
  }
}
