"""The local cloud by itself: Google's unmodified clients on its Pub/Sub and Cloud Storage, and `dropforge doctor` on
a project of it."""
