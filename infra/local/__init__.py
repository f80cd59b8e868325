"""The local cloud: a real object store and a real Pub/Sub on this machine, for the demo and the tests.

Begin with `cloud`: `with LocalCloud(options) as cloud:`. This package imports errors and values from `actors`. In
`serve_app` only the command imports it, in `actors` nothing does.
"""
