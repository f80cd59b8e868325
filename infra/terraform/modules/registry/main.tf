resource "google_artifact_registry_repository" "this" {
  # checkov:skip=CKV_GCP_84:Google-managed keys encrypt it; the image holds no secret

  repository_id = var.name
  location      = var.region
  format        = "DOCKER"
  description   = "Images of ${var.name}"

  # A tag that could be moved would make a rollback a guess.
  docker_config {
    immutable_tags = true
  }

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"

    most_recent_versions {
      keep_count = 20
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      older_than = "${90 * 24 * 3600}s"
    }
  }
}
