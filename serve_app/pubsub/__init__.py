"""Pub/Sub and what comes through it: Cloud Storage's notifications, pulled or pushed, and the dead-letter topic.

Begin with `gcs_event`. It imports `config` and values; what becomes of a message is its caller's to say.
"""
