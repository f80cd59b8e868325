resource "google_storage_bucket" "source" {
  # checkov:skip=CKV_GCP_62:Cloud Audit Logs record who did what; usage logs add a bucket and nothing to that

  name                        = var.source_bucket
  location                    = var.location
  force_destroy               = var.removable
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # A run reads the generation it was started for; replacing the object meanwhile must not take that away.
  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }

    condition {
      days_since_noncurrent_time = 7
      with_state                 = "ARCHIVED"
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }

    condition {
      age = 7
    }
  }
}

resource "google_storage_bucket" "output" {
  # checkov:skip=CKV_GCP_62:Cloud Audit Logs record who did what; usage logs add a bucket and nothing to that
  # checkov:skip=CKV_GCP_78:Versioning would keep every renewal of every lease; soft delete undoes a deletion by mistake

  name                        = var.output_bucket
  location                    = var.location
  force_destroy               = var.removable
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  soft_delete_policy {
    retention_duration_seconds = 7 * 24 * 3600
  }

  # What actors/storage/object_paths.py names rows/*.csv, rejects/*.{csv,jsonl} and compose/*: the bulk of a run, of no use once its
  # output is composed. The records beside them are .json and stay: they are the memory of what was processed.
  lifecycle_rule {
    action {
      type = "Delete"
    }

    condition {
      age            = var.scratch_days
      matches_prefix = ["${var.work_prefix}runs/"]
      matches_suffix = concat([".csv", ".jsonl", "-header", "-whole"], [for digit in range(10) : tostring(digit)])
    }
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }

    condition {
      age            = var.scratch_days
      matches_prefix = ["${var.work_prefix}replays/", "${var.work_prefix}reconciliations/"]
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }

    condition {
      age = 7
    }
  }
}
