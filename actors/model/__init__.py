"""What is processed and what the stages pass to each other, as frozen values: drop, run, plan, shard, part, manifest.

Begin with `drop`, then `run`. This package imports no other, and all it knows of Ray is the reference in a handoff.
"""
