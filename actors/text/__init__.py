"""Turns descriptions into unique lemmas, equal in every cell to spaCy's `en_core_web_sm`, at a fraction of its cost.

Begin with `plain`, which is the rule, then `cleaner`, whose docstring says why the result is the same. This package
imports `fast` only, and neither Ray nor the cloud.
"""
