"""Whole runs under faults: the real application, Ray and protocols, with proxies and signals between them.

    python -m tests.chaos --seeds 2

Nothing of the application is patched. A fault is something that the application can't tell from the real one: a
signal to a process, or an answer that comes late, wrong or not at all.
"""
