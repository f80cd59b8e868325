"""Where objects are, and which kind one is of by its name in its bucket."""

from __future__ import annotations

WORK_BUCKET = "dropforge-work"
"""Where the run's records are, unless one bucket has all."""

OTHER = "other"
_PLACES = (
    ("_dropforge/open/", "open runs"),
    ("_dropforge/incomplete/", "incomplete runs"),
    ("_dropforge/closed/", "closed runs"),
    ("_dropforge/replays/", "replay"),
    ("/lease.json", "lease"),
    ("/plan.json", "plan"),
    ("/run.json", "run"),
    ("/manifest.json", "manifest"),
    ("/parts/", "part record"),
    ("/rows/", "part rows"),
    ("/rejects/", "part rejects"),
    ("/failed/", "failures"),
    ("/compose/", "composite"),
    ("dropforge-health", "health"),
    ("calibration/", "calibration"),
    ("images/", "images"),
    ("processed/", "output"),
    ("rejects/", "rejects"),
    ("in/", "source"),
)


def place_of(name: str) -> str:
    return next((place for part, place in _PLACES if part in name), OTHER)
