"""Descriptions to unique lemmas, cell for cell what spaCy's `en_core_web_sm` gives, at a fraction of its cost.

Begin with `cleaner`, whose docstring has the proof, and `plain`, which is the rule. It imports `fast` and nothing else
of ours; nothing here knows Ray or the cloud.
"""
