"""The object that a file is uploaded to."""

from __future__ import annotations

from serve_app.cli.screen.complaint import Complaint
from serve_app.config.settings import Settings


def object_name(settings: Settings, name: str) -> str:
    """The object for a name below the watched prefix. Raises `Complaint` when the application would ignore it."""
    chosen = f"{settings.watched_prefix}{name}"
    if not settings.watches(settings.source_bucket, chosen):
        patterns = " or ".join(settings.object_patterns)
        raise Complaint(
            f"Dropforge would ignore gs://{settings.source_bucket}/{chosen}: the name does not match {patterns}.",
            f"give a name that matches {patterns} with --name",
        )
    return chosen
