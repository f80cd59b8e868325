"""What a person reads at a terminal: tables, a run while it goes, complaints.

Begin with `terminal`. It imports values alone, and `actors.storage` for the first rows of an output.
"""
