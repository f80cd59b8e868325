"""A catalogue of a million products on the real stack, undisturbed and under faults: what only size shows.

`__main__` is the target `make million`, `passage` one run from its drop to its result, `checks` what must be so.
"""
