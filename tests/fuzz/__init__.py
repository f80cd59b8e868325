"""Any bytes through plan, reader and rejects; `python -m tests.fuzz` does it for as long as wished."""
