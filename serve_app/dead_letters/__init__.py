"""What ran out of retries: listed from the bucket and the dead-letter subscription, and replayed.

Begin with `inbox`, then `replay`. It stands on `runs` and `pubsub` and on what these may import.
"""
