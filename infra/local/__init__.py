"""The local cloud: a real object store and a real Pub/Sub on this machine, for the demo and the tests.

`with LocalCloud(options) as cloud:` is the way in (`cloud.py`). Nothing in `serve_app` or `actors` knows of it.
"""
