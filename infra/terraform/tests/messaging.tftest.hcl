mock_provider "google" {
  mock_data "google_storage_project_service_account" {
    defaults = { member = "serviceAccount:service-1@gs-project-accounts.iam.gserviceaccount.com" }
  }
}

variables {
  name              = "dropforge"
  region            = "europe-west1"
  project_number    = "1"
  source_bucket     = "shop-in"
  watched_prefix    = "in/"
  delivery_attempts = 10
  push_endpoint     = ""
}

run "pulled" {
  module {
    source = "./modules/messaging"
  }

  assert {
    condition     = google_storage_notification.drops.object_name_prefix == "in/" && google_storage_notification.drops.event_types == toset(["OBJECT_FINALIZE"])
    error_message = "Only finished objects below the watched prefix are announced."
  }

  assert {
    condition = (
      one(google_pubsub_subscription.notifications.dead_letter_policy).max_delivery_attempts == 10
      && one(google_pubsub_subscription.notifications.dead_letter_policy).dead_letter_topic == google_pubsub_topic.dead_letters.id
    )
    error_message = "What can't be delivered goes to the dead-letter topic."
  }

  assert {
    condition = alltrue([
      for subscription in [google_pubsub_subscription.notifications, google_pubsub_subscription.dead_letters] :
      one(subscription.expiration_policy).ttl == ""
    ])
    error_message = "A subscription that nobody reads for 31 days must not vanish."
  }

  assert {
    condition     = google_pubsub_subscription.dead_letters.topic == google_pubsub_topic.dead_letters.id
    error_message = "A dead-letter topic without a subscription loses what it gets."
  }

  assert {
    condition = (
      google_pubsub_topic_iam_member.storage_publishes.member == "serviceAccount:service-1@gs-project-accounts.iam.gserviceaccount.com"
      && google_pubsub_topic_iam_member.dead_letters_published.member == "serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com"
      && google_pubsub_subscription_iam_member.dead_letters_acknowledged.member == "serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com"
    )
    error_message = "Google's service agents may publish, forward and acknowledge."
  }

  assert {
    condition     = length(google_pubsub_subscription.notifications.push_config) == 0 && length(google_service_account.push) == 0
    error_message = "Without an endpoint nothing is pushed."
  }
}

run "pushed" {
  module {
    source = "./modules/messaging"
  }

  variables {
    push_endpoint = "https://drops.example.com/pubsub/push"
  }

  assert {
    condition     = one(one(google_pubsub_subscription.notifications.push_config).oidc_token).audience == "https://drops.example.com/pubsub/push"
    error_message = "What is pushed is signed, for this endpoint alone."
  }
}
