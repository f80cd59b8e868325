"""Benchmarks, each beside what it is measured against: `make bench`, or `python -m tests.bench.NAME`."""
