# From an empty project to everything that the Kubernetes manifests need. infra/README.md has the commands.

locals {
  prod          = var.environment == "prod"
  source_bucket = var.source_bucket != "" ? var.source_bucket : "${var.project}-${var.name}-in"
  output_bucket = var.output_bucket != "" ? var.output_bucket : "${var.project}-${var.name}-out"

  settings = merge(
    {
      PROJECT                  = var.project
      SOURCE_BUCKET            = module.buckets.source_bucket
      WATCHED_PREFIX           = var.watched_prefix
      OUTPUT_BUCKET            = module.buckets.output_bucket
      IMAGE_FOLDER             = "${var.image_prefix}{path}/{generation}"
      WORK_PREFIX              = var.work_prefix
      SUBSCRIPTION             = module.messaging.subscription
      PULL                     = var.push_endpoint == ""
      DEAD_LETTER_TOPIC        = module.messaging.dead_letter_topic
      DEAD_LETTER_SUBSCRIPTION = module.messaging.dead_letter_subscription
    },
    var.push_endpoint == "" ? {} : {
      PUSH_AUDIENCE        = var.push_endpoint
      PUSH_SERVICE_ACCOUNT = module.messaging.push_account
    },
  )

  services = [
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "compute.googleapis.com",
    "container.googleapis.com",
    "dns.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "redis.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com",
  ]
}

resource "google_project_service" "this" {
  for_each = toset(local.services)

  service            = each.value
  disable_on_destroy = false
}

# Read after the services are on: the project's service agents exist from then.
data "google_project" "this" {
  project_id = var.project
  depends_on = [google_project_service.this]
}

module "network" {
  source = "./modules/network"

  name       = var.name
  region     = var.region
  depends_on = [google_project_service.this]
}

module "registry" {
  source = "./modules/registry"

  name       = var.name
  region     = var.region
  depends_on = [google_project_service.this]
}

module "buckets" {
  source = "./modules/buckets"

  location      = var.region
  source_bucket = local.source_bucket
  output_bucket = local.output_bucket
  work_prefix   = var.work_prefix
  scratch_days  = var.scratch_days
  removable     = !local.prod
  depends_on    = [google_project_service.this]
}

module "messaging" {
  source = "./modules/messaging"

  name              = var.name
  region            = var.region
  project_number    = data.google_project.this.number
  source_bucket     = module.buckets.source_bucket
  watched_prefix    = var.watched_prefix
  delivery_attempts = var.delivery_attempts
  push_endpoint     = var.push_endpoint
}

module "cluster" {
  source = "./modules/cluster"

  name              = var.name
  region            = var.region
  network           = module.network.network
  subnetwork        = module.network.subnetwork
  registry          = module.registry.repository
  operator_networks = var.operator_networks
  removable         = !local.prod
}

module "identity" {
  source = "./modules/identity"

  name                     = var.name
  project                  = var.project
  project_number           = data.google_project.this.number
  region                   = var.region
  source_bucket            = module.buckets.source_bucket
  output_bucket            = module.buckets.output_bucket
  image_prefix             = var.image_prefix
  subscription             = module.messaging.subscription
  dead_letter_topic        = module.messaging.dead_letter_topic
  dead_letter_subscription = module.messaging.dead_letter_subscription
  # The workload identity pool that its members are of exists from the first cluster on.
  depends_on = [module.cluster]
}

module "head_store" {
  source = "./modules/head_store"
  count  = local.prod ? 1 : 0

  name    = var.name
  region  = var.region
  network = module.network.network
}

module "alerts" {
  source = "./modules/alerts"

  name                     = var.name
  subscription             = module.messaging.subscription
  dead_letter_subscription = module.messaging.dead_letter_subscription
  notification_channels    = var.notification_channels
  depends_on               = [google_project_service.this]
}

module "logs" {
  source = "./modules/logs"

  name       = var.name
  depends_on = [google_project_service.this]
}

module "build" {
  source = "./modules/build"
  count  = var.repository != "" ? 1 : 0

  name       = var.name
  project    = var.project
  region     = var.region
  repository = var.repository
  registry   = module.registry.repository
  image      = module.registry.image
}
