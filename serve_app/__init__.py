"""The application: what reaches the system from outside, who drives a run, and what people see of it.

Begin with `app`, which binds the deployments, then `ingress`, then `runs`. The modules right here put the rooms
together, so they may import all of them but the command's, and everything in `actors`; `infra` is for `cli` alone.
"""
