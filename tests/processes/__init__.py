"""What takes a process of its own for each test: what a command imports, what pytest says."""
