mock_provider "google" {}

run "least_privilege" {
  module {
    source = "./modules/identity"
  }

  variables {
    name                     = "dropforge"
    project                  = "shop"
    project_number           = "1"
    region                   = "europe-west1"
    source_bucket            = "shop-in"
    output_bucket            = "shop-out"
    image_prefix             = "images/"
    subscription             = "dropforge"
    dead_letter_topic        = "dropforge-dead-letters"
    dead_letter_subscription = "dropforge-dead-letters"
  }

  assert {
    condition     = google_storage_bucket_iam_member.core_reads_drops.member == "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/shop.svc.id.goog/subject/ns/dropforge/sa/core"
    error_message = "Members are Kubernetes service accounts of the namespace dropforge."
  }

  assert {
    condition     = google_storage_bucket_iam_member.core_reads_drops.role == "roles/storage.objectViewer"
    error_message = "Drops are read, never written."
  }

  assert {
    condition = alltrue([
      for member in google_storage_bucket_iam_member.fetcher_stores_images :
      member.bucket == "shop-out" && endswith(member.member, "/sa/fetcher")
      && strcontains(one(member.condition).expression, "'projects/_/buckets/shop-out/objects/images/'")
    ])
    error_message = "Fetchers reach images and nothing else."
  }

  assert {
    condition     = toset(keys(google_storage_bucket_iam_member.fetcher_stores_images)) == toset(["roles/storage.objectCreator", "roles/storage.objectViewer"])
    error_message = "Fetchers create and see; they neither replace nor delete."
  }

  assert {
    condition     = toset([for member in google_pubsub_subscription_iam_member.core_pulls : "${member.subscription} ${member.role}"]) == toset([for pair in setproduct(["dropforge", "dropforge-dead-letters"], ["roles/pubsub.subscriber", "roles/pubsub.viewer"]) : "${pair[0]} ${pair[1]}"])
    error_message = "Core pulls both subscriptions, and sees whether they are there."
  }
}
