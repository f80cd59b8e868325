"""One module at a time, without Ray, mirroring the source tree.

A real object store is at hand (conftest.py), and nothing is mocked that the module is about.
"""
