# An Autopilot cluster: nodes come and go with the pods, Workload Identity and NetworkPolicy (Dataplane V2) are always
# on, and Google runs the Ray operator.

resource "google_container_cluster" "this" {
  # checkov:skip=CKV_GCP_12:Autopilot enforces NetworkPolicy through Dataplane V2; this argument is the older implementation
  # checkov:skip=CKV_GCP_61:Autopilot always has intranode visibility; the subnetwork has flow logs
  # checkov:skip=CKV_GCP_65:Needs a Google Workspace domain, which a project may not have
  # checkov:skip=CKV_GCP_69:Autopilot always runs the GKE metadata server

  name                = var.name
  location            = var.region
  enable_autopilot    = true
  deletion_protection = !var.removable
  network             = var.network
  subnetwork          = var.subnetwork
  resource_labels     = { app = var.name }

  release_channel {
    channel = "REGULAR"
  }

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
    master_ipv4_cidr_block  = var.control_plane_range
  }

  master_authorized_networks_config {
    dynamic "cidr_blocks" {
      for_each = var.operator_networks

      content {
        display_name = cidr_blocks.key
        cidr_block   = cidr_blocks.value
      }
    }
  }

  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic = true
    }
  }

  addons_config {
    ray_operator_config {
      enabled = true

      # Events are on the containers' output and metrics in our own PodMonitoring; the add-on's would be second copies.
      ray_cluster_logging_config {
        enabled = false
      }

      ray_cluster_monitoring_config {
        enabled = false
      }
    }
  }

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }

  binary_authorization {
    evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
  }

  cluster_autoscaling {
    auto_provisioning_defaults {
      service_account = google_service_account.node.email
      oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    }
  }

  maintenance_policy {
    recurring_window {
      start_time = "2026-01-03T03:00:00Z"
      end_time   = "2026-01-03T07:00:00Z"
      recurrence = "FREQ=WEEKLY;BYDAY=SA,SU"
    }
  }

  depends_on = [google_project_iam_member.node, google_artifact_registry_repository_iam_member.node]
}

resource "google_service_account" "node" {
  account_id   = "${var.name}-node"
  display_name = "Nodes of the ${var.name} cluster"
}

# Logs and metrics, and nothing else ("Harden your cluster's security", GKE documentation).
resource "google_project_iam_member" "node" {
  project = google_service_account.node.project
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.node.member
}

resource "google_artifact_registry_repository_iam_member" "node" {
  repository = var.registry
  location   = var.region
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.node.member
}
