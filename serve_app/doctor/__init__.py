"""The checks of `dropforge doctor`: is a project set up so that no drop is missed or lost?

Begin with `examination`. This package imports `config`, `pubsub` and `actors.storage`, so it checks through the same
clients that the application uses.
"""
