"""Leases, the registry of runs and quarantine, in a real object store."""
