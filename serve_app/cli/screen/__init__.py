"""What a person reads in a terminal: tables, the progress of a run, error messages.

Begin with `terminal`. This package imports values only, and `actors.storage` to show the first rows of an output.
"""
