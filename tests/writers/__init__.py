"""What real programs write, which the table of `tests/unit/actors/csv/test_writers.py` holds.

    python -m tests.writers --python PYTHON

runs those that are on this machine and says where the table differs. It is not part of `make test`: the programs are
not ours to install.
"""
