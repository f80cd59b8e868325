"""Pub/Sub: notifications of Cloud Storage, pulled or pushed, and the dead-letter topic with its subscription.

Begin with `gcs_event`. This package imports `config` and values; its callers decide what to do with a message.
"""
