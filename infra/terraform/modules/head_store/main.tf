# Where Ray's head keeps its tables, so that a new head pod takes over running workers ("GCS fault tolerance in
# KubeRay", Ray documentation). One node is enough: should it be lost, the operator starts a new Ray cluster, and
# every run goes on from its records in the bucket.

resource "google_redis_instance" "this" {
  # checkov:skip=CKV_GCP_97:Actor and node tables without any row of a catalogue, behind a password, reached by the head alone

  name                = "${var.name}-head"
  display_name        = "Tables of the Ray head"
  region              = var.region
  tier                = "BASIC"
  memory_size_gb      = 1
  redis_version       = "REDIS_7_2"
  auth_enabled        = true
  connect_mode        = "DIRECT_PEERING"
  authorized_network  = var.network
  reserved_ip_range   = var.reserved_range
  deletion_protection = false
}
