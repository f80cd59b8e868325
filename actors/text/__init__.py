"""Descriptions to unique lemmas, cell for cell what spaCy's `en_core_web_sm` gives, at a fraction of its cost.

`cleaner.DescriptionCleaner` is the way in. Nothing here knows Ray or the cloud.
"""
