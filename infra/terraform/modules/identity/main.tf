# Who may do what, by Kubernetes service account ("About Workload Identity Federation for GKE"). `head` and `cleaner`
# are not here: they need nothing of Google Cloud, and have nothing.

locals {
  pool          = "${var.project}.svc.id.goog"
  subscriptions = { notifications = var.subscription, dead_letters = var.dead_letter_subscription }

  members = {
    for account in ["core", "fetcher"] : account =>
    "principal://iam.googleapis.com/projects/${var.project_number}/locations/global/workloadIdentityPools/${local.pool}/subject/ns/${var.name}/sa/${account}"
  }
}

# core: ingress, attributes and writer.

resource "google_storage_bucket_iam_member" "core_reads_drops" {
  bucket = var.source_bucket
  role   = "roles/storage.objectViewer"
  member = local.members.core
}

resource "google_storage_bucket_iam_member" "core_writes_outputs" {
  bucket = var.output_bucket
  role   = "roles/storage.objectUser"
  member = local.members.core
}

# The viewer's part is what `/health` asks: whether a subscription or topic is there.
resource "google_pubsub_subscription_iam_member" "core_pulls" {
  for_each = {
    for pair in setproduct(["notifications", "dead_letters"], ["subscriber", "viewer"]) :
    "${pair[0]}_${pair[1]}" => { subscription = local.subscriptions[pair[0]], role = "roles/pubsub.${pair[1]}" }
  }

  subscription = each.value.subscription
  role         = each.value.role
  member       = local.members.core
}

resource "google_pubsub_topic_iam_member" "core_dead_letters" {
  for_each = toset(["roles/pubsub.publisher", "roles/pubsub.viewer"])

  topic  = var.dead_letter_topic
  role   = each.value
  member = local.members.core
}

# fetcher: it talks to strangers, so it may create images and see them, and neither change nor delete any.

resource "google_storage_bucket_iam_member" "fetcher_stores_images" {
  for_each = toset(["roles/storage.objectCreator", "roles/storage.objectViewer"])

  bucket = var.output_bucket
  role   = each.value
  member = local.members.fetcher

  condition {
    title = "images"
    # A listing is of the bucket, so its prefix is a request attribute ("Attribute reference for IAM Conditions").
    expression = join(" || ", [
      "resource.name.startsWith('projects/_/buckets/${var.output_bucket}/objects/${var.image_prefix}')",
      "api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('${var.image_prefix}')",
    ])
  }
}
