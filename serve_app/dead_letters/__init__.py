"""Dead letters: listed from the bucket and the dead-letter subscription, replayed, and discarded.

Begin with `inbox`, then `replay`. This package imports `runs`, `pubsub`, `monitoring` and values.
"""
