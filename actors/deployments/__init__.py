"""The four deployments that process shards. They are plain classes; each replica is one long-lived actor.

Begin with `attributes`, which plans and reads, then `cleaner`, `image_fetcher` and `writer`. This package may import
every package of `actors`, and none of them imports it.
"""
