"""The stages of a run, one Ray Serve deployment each, and the packages that they are built from.

Begin with `deployments`, then `model`. The modules of `actors` itself (errors, retry, logs, trace_context) are used
everywhere and import none of the packages below. Nothing in `actors` imports `serve_app` or `infra`.
"""
