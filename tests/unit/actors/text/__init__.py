"""Descriptions: every cell is compared with spaCy's own."""
