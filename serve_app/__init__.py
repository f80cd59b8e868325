"""The application: takes notifications, drives runs, and answers the HTTP API.

Begin with `app`, which binds the deployments, then `ingress` and `application`, then `runs`. The modules of `serve_app`
itself connect the packages below, so they may import all of them except `cli`. Only `cli` imports `infra`.
"""
