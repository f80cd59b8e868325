"""The stages of a run, as long-lived Ray Serve deployments, and the pure code they run.

Nothing here imports `serve_app`. Modules that parse, clean or plan import neither Ray nor the cloud.
"""
