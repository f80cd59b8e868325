"""What is processed and what passes between the stages, as frozen values: drop, run, plan, shard, part, manifest.

Begin with `drop`, then `run`. It imports no other room, and neither Ray nor the cloud but for `handoff`, which puts a
stage's result into Ray's object store.
"""
