"""The promises of tests/support's own tools."""
