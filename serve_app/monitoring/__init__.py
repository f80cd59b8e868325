"""Health of deployments and dependencies, metrics, and traces.

Begin with `health`. This package imports `config`, `pubsub` and `actors.storage`, because it checks what they connect
to. It imports nothing that processes runs: that code calls it.
"""
