"""Reconciliation: finds uploads whose notification never came, and accepts them like notifications.

Begin with `uploads`, then `reconciliations`, which people start, and `regular`, which the application does by itself.
"""
