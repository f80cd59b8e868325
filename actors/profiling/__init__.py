"""Looks at the start of a file: how it is written, what its columns hold, and which settings would read it.

Begin with `check`. This package imports `csv`, `images`, `model` and `reading`, and pandas only where a file is looked
at. It knows nothing of Ray and nothing of the cloud.
"""
