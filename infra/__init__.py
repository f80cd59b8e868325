"""Where Dropforge runs: the local cloud on this machine, and the definitions for Google Cloud.

Begin with `local`; README.md describes the rest, which is not Python. Only `serve_app.cli` and the tests import it.
"""
