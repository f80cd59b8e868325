"""What `dropforge doctor` looks at: whether a project is set up so that drops are noticed and nothing is lost.

Begin with `examination`. It imports `config`, `pubsub` and `actors.storage`, so that it sees through the same clients
as the application.
"""
