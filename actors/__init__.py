"""The stages of a run, one Ray Serve deployment each, and the rooms of code that they are made of.

Begin with `deployments`, then `model`. The modules right here (errors, retry, logs, trace_context) are what every room
stands on, so they import no room; nothing in `actors` imports `serve_app` or `infra`.
"""
