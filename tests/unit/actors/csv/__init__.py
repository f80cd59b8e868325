"""From bytes to records and back: hostile files, hypothesis against the standard library."""
