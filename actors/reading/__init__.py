"""From a drop to shards and rows: the scan that plans, the bytes of one generation, specifications and categories.

Begin with `planner`. It imports `csv`, `model` and `storage`; only `source` names a Google client, so the rest is pure.
"""
