"""States of runs and shards, dead letters, and the answers of the API, as values.

Begin with `run_state`, which has the diagram of states. This package imports `actors.model` only, so that the command
can read answers without importing Ray or Google's clients.
"""
