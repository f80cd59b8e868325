"""Notifications: which are drops, and which are not."""
