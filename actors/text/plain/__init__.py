"""Descriptions cleaned by spaCy alone, which is the rule, and what every engine stands on: its Protocol, the checked
model, the settings.

Begin with `pipeline`. This package imports `actors.errors` only.
"""
