"""The four deployments that work on shards: plain classes of which each replica is one long-lived actor.

Begin with `attributes`, which plans and reads, then `cleaner`, `image_fetcher` and `writer`. They may import every room
of `actors`, and no other room imports them but the application's `runs` and its builder.
"""
