"""The values that pass between stages."""
