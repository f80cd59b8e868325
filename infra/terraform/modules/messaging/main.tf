# bucket -> topic -> subscription -> application; what can't be delivered -> dead-letter topic -> replay.

locals {
  never_expires = ""
  retention     = "${7 * 24 * 3600}s"
  pubsub_agent  = "serviceAccount:service-${var.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

data "google_storage_project_service_account" "this" {}

resource "google_pubsub_topic" "notifications" {
  # checkov:skip=CKV_GCP_83:Google-managed keys encrypt it; a message holds the name of an object and no content

  name = var.name

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_topic_iam_member" "storage_publishes" {
  topic  = google_pubsub_topic.notifications.id
  role   = "roles/pubsub.publisher"
  member = data.google_storage_project_service_account.this.member
}

# The attributes say all that is needed; the object's metadata would only make every message larger.
resource "google_storage_notification" "drops" {
  bucket             = var.source_bucket
  topic              = google_pubsub_topic.notifications.id
  event_types        = ["OBJECT_FINALIZE"]
  object_name_prefix = var.watched_prefix
  payload_format     = "NONE"

  depends_on = [google_pubsub_topic_iam_member.storage_publishes, google_pubsub_subscription.notifications]
}

resource "google_pubsub_subscription" "notifications" {
  name                       = var.name
  topic                      = google_pubsub_topic.notifications.id
  ack_deadline_seconds       = 60
  message_retention_duration = local.retention

  expiration_policy {
    ttl = local.never_expires
  }

  # With ten attempts, an outage of Cloud Storage of about 40 minutes ends before any notification is dead-lettered.
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = var.delivery_attempts
  }

  dynamic "push_config" {
    for_each = var.push_endpoint == "" ? [] : [var.push_endpoint]

    content {
      push_endpoint = push_config.value

      oidc_token {
        service_account_email = google_service_account.push[0].email
        audience              = push_config.value
      }
    }
  }

  # Both before the first message: without them Pub/Sub can't dead-letter, and a dead letter without a subscription is lost.
  depends_on = [google_pubsub_topic_iam_member.dead_letters_published, google_pubsub_subscription.dead_letters]
}

resource "google_pubsub_topic" "dead_letters" {
  # checkov:skip=CKV_GCP_83:Google-managed keys encrypt it; a message holds the name of an object and no content

  name = "${var.name}-dead-letters"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_subscription" "dead_letters" {
  name                       = "${var.name}-dead-letters"
  topic                      = google_pubsub_topic.dead_letters.id
  ack_deadline_seconds       = 60
  message_retention_duration = "${31 * 24 * 3600}s"

  expiration_policy {
    ttl = local.never_expires
  }
}

# "Handle message failures", Pub/Sub documentation: its service agent forwards and acknowledges.
resource "google_pubsub_topic_iam_member" "dead_letters_published" {
  topic  = google_pubsub_topic.dead_letters.id
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "dead_letters_acknowledged" {
  subscription = google_pubsub_subscription.notifications.id
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_service_account" "push" {
  count = var.push_endpoint == "" ? 0 : 1

  account_id   = "${var.name}-push"
  display_name = "Signs what Pub/Sub pushes to ${var.name}"
}

resource "google_service_account_iam_member" "push_signed" {
  count = var.push_endpoint == "" ? 0 : 1

  service_account_id = google_service_account.push[0].id
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub_agent
}
