# A push to main builds the image and stores it under the commit's short hash, as step 3 of infra/README.md does by hand.

locals {
  owner  = split("/", var.repository)[0]
  source = split("/", var.repository)[1]
}

# Its builds run what the repository says, so it may store images and write logs, and nothing else.
resource "google_service_account" "this" {
  account_id   = "${var.name}-build"
  display_name = "Builds the image of ${var.name}"
}

resource "google_artifact_registry_repository_iam_member" "stores_images" {
  repository = var.registry
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.this.member
}

resource "google_project_iam_member" "writes_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.this.member
}

resource "google_cloudbuild_trigger" "this" {
  name            = "${var.name}-image"
  description     = "Image of ${var.name} from each push to main"
  location        = var.region
  service_account = google_service_account.this.id

  github {
    owner = local.owner
    name  = local.source

    push {
      branch = "^main$"
    }
  }

  build {
    timeout = "1800s"
    images  = ["${var.image}:$SHORT_SHA"]

    step {
      name = "gcr.io/cloud-builders/docker"
      args = ["build", "--tag", "${var.image}:$SHORT_SHA", "--build-arg", "REVISION=$SHORT_SHA", "."]
    }

    # A service account of one's own asks for this: there is no bucket of logs by default then.
    options {
      logging = "CLOUD_LOGGING_ONLY"
    }
  }

  depends_on = [google_artifact_registry_repository_iam_member.stores_images, google_project_iam_member.writes_logs]
}
