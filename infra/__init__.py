"""Where Dropforge runs: the local cloud of this machine, and the definitions for Google's.

Begin with `local`; README.md has the rest, which is no Python. Only `serve_app.cli` and the tests import it.
"""
