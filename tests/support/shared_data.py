"""Data that is not the project's own, in a folder beside the checkout; tests do without where it is absent."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data"
SAMPLE = FOLDER / "flipkart_sample.csv"
"""The reference's own sample catalogue, of 997 products."""
