"""The local cloud: a real object store and a real Pub/Sub on this machine, for the demo and the tests.

Begin with `cloud`: `with LocalCloud(options) as cloud:` is the way in. It imports values and errors of `actors`;
nothing in `actors`, and nothing in `serve_app` but the command, knows of it.
"""
