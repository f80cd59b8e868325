"""Tests of `serve_app.reconciliation`."""
