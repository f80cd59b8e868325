# Needs no project and no credentials: the provider is mocked, its argument schema is real.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }

  mock_data "google_storage_project_service_account" {
    defaults = { member = "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com" }
  }
}

variables {
  project = "shop"
}

run "prod" {
  assert {
    condition     = output.source_bucket == "shop-dropforge-in" && output.output_bucket == "shop-dropforge-out"
    error_message = "Buckets are named by project and name, since bucket names are global."
  }

  assert {
    condition     = strcontains(output.settings, "DROPFORGE_SUBSCRIPTION=dropforge\n") && strcontains(output.settings, "DROPFORGE_PULL=true\n")
    error_message = "The application pulls the subscription dropforge."
  }

  assert {
    condition     = !strcontains(output.settings, "PUSH")
    error_message = "What is pulled is signed by nobody."
  }

  assert {
    condition     = jsondecode(output.fetcher_credentials).audience == "identitynamespace:shop.svc.id.goog:https://container.googleapis.com/v1/projects/shop/locations/europe-west1/clusters/dropforge"
    error_message = "Image fetchers exchange their token for this cluster's workload identity."
  }

  assert {
    condition     = length(module.head_store) == 1 && output.redis_password != null && length(regexall("REDIS_ADDRESS=.+:\\d", output.cluster)) == 1
    error_message = "The head keeps its tables outside the cluster."
  }

  assert {
    condition     = length(module.build) == 0
    error_message = "Without a repository there is no build trigger."
  }
}

run "dev" {
  variables {
    environment = "dev"
  }

  assert {
    condition     = length(module.head_store) == 0 && output.redis_password == null && strcontains(output.cluster, "REDIS_ADDRESS=\n")
    error_message = "dev does without Redis."
  }
}

run "build_trigger" {
  variables {
    repository = "shop/dropforge"
  }

  assert {
    condition     = length(module.build) == 1
    error_message = "A repository gets a build trigger."
  }
}

run "pushed" {
  variables {
    push_endpoint = "https://drops.example.com/pubsub/push"
  }

  assert {
    condition     = strcontains(output.settings, "DROPFORGE_PULL=false\n")
    error_message = "What is pushed must not be pulled too."
  }

  assert {
    condition     = length(regexall("\nDROPFORGE_PUSH_AUDIENCE=https://drops.example.com/pubsub/push\nDROPFORGE_PUSH_SERVICE_ACCOUNT=\\S+\n", output.settings)) == 1
    error_message = "The application knows whose signature to expect."
  }
}

run "wrong_values" {
  command = plan

  variables {
    environment       = "staging"
    name              = "Drop_Forge"
    image_prefix      = "images"
    scratch_days      = 1
    delivery_attempts = 3
    push_endpoint     = "http://drops.example.com"
    repository        = "dropforge"
  }

  expect_failures = [
    var.environment,
    var.name,
    var.image_prefix,
    var.scratch_days,
    var.delivery_attempts,
    var.push_endpoint,
    var.repository,
  ]
}
