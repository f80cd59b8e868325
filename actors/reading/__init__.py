"""From a drop to shards and rows: the plan scan, reading one generation of an object, specifications, categories.

Begin with `planner`. This package imports `csv`, `model` and `storage`; only `source` uses a Google client.
"""
