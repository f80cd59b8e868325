"""Runs: a drop is accepted, one owner at a time drives its run, and its shards go through the stages with retries.

Begin with `run_driver`, which drives one run. `run_supervisor` starts it, `run_attempt` and `pipeline` take the shards
through the stages, and `stage_call` makes one call of a stage. This package imports `config`, `pubsub`, `monitoring`,
values and the records in `actors.storage`.
"""
