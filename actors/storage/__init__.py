"""Cloud Storage: one bucket's objects and preconditions, and the records of a run that are kept there.

Begin with `object_paths`, which lists what is stored where, then `bucket`. This package imports `model` only.
"""
