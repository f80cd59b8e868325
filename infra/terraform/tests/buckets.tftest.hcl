mock_provider "google" {}

run "lifecycle" {
  module {
    source = "./modules/buckets"
  }

  variables {
    location      = "europe-west1"
    source_bucket = "shop-in"
    output_bucket = "shop-out"
    work_prefix   = "_dropforge/"
    scratch_days  = 30
    removable     = false
  }

  assert {
    condition = alltrue([
      for rule in google_storage_bucket.output.lifecycle_rule :
      one(rule.condition).age == 30 && alltrue([for prefix in one(rule.condition).matches_prefix : startswith(prefix, "_dropforge/")])
      if one(rule.action).type == "Delete"
    ])
    error_message = "Only the work area expires, never an output or an image."
  }

  assert {
    condition = !anytrue(flatten([
      for rule in google_storage_bucket.output.lifecycle_rule : [
        for suffix in coalesce(one(rule.condition).matches_suffix, []) : endswith("run.json", suffix) || endswith("manifest.json", suffix)
      ]
    ]))
    error_message = "Run records are what tells a duplicate from a new drop; they never expire."
  }

  assert {
    condition     = one(google_storage_bucket.source.versioning).enabled
    error_message = "A drop that is replaced while it is processed stays readable."
  }

  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.source, google_storage_bucket.output] :
      bucket.public_access_prevention == "enforced" && bucket.uniform_bucket_level_access && !bucket.force_destroy
    ])
    error_message = "Buckets are private, and one with objects can't be destroyed."
  }
}
