mock_provider "google" {}

run "chatter" {
  module {
    source = "./modules/logs"
  }

  variables {
    name = "dropforge"
  }

  assert {
    condition = alltrue([
      for line in [
        "2026-11-24 19:34:45,332\tINFO (dashboard) head.py:262 -- DashboardHeadModules to load: None.",
        "[2026-11-24 19:34:42,362 I 35 35] logging.cc:303: Set ray log level",
        "INFO 2026-11-24 19:35:44,479 controller 457 -- Deregistering autoscaling state",
        "2026-11-24 19:48:59,553\tWARNING (dashboard) __init__.py:160 -- DeprecationWarning: a private attribute",
        "127.0.0.1 - - [24/Nov/2026 19:49:04] \"GET /metrics HTTP/1.1\" 200 179021",
        ":actor_name:ServeReplica:dropforge:Cleaner",
        "",
      ] : can(regex(local.chatter, line))
    ])
    error_message = "What reports no fault is left out."
  }

  assert {
    condition = !anytrue([
      for line in [
        "2026-11-24 19:34:49,812\tERROR (dashboard) head.py:368 -- An exception occurred",
        "[2026-11-24 19:35:46,355 E 305 315] (raylet) node_manager.cc: out of memory",
        "Traceback (most recent call last):",
        "OSError: [Errno 98] Address already in use",
        "*** SIGSEGV received at time=1795548934 ***",
        "Fatal Python error: Aborted",
      ] : can(regex(local.chatter, line))
    ])
    error_message = "Faults are kept, also those of a kind nobody thought of."
  }

  assert {
    condition     = strcontains(google_logging_project_exclusion.ray_chatter.filter, "textPayload=~\"${local.chatter}\"")
    error_message = "The exclusion is by this pattern."
  }
}
