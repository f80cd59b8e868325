"""What is seen from outside: health of deployments and dependencies, metrics, traces.

Begin with `health`. It imports `config`, `pubsub` and `actors.storage`, because it looks at what these reach, and no
room that works on runs: those call it.
"""
