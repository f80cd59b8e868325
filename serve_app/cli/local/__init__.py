"""The whole system on this machine, and a trial drop through it, as `up`, `demo` and the tests start them.

Begin with `local_system`. Besides three commands, this is the only package of `serve_app` that imports `infra.local`.
"""
