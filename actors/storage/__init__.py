"""Cloud Storage as a run needs it: one bucket's objects and preconditions, and the records that are kept there.

Begin with `object_paths`, which lists what is stored where, then `bucket`. It imports `model` alone.
"""
