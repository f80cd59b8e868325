"""Where a file goes: the object whose coming into the bucket is the drop."""

from __future__ import annotations

from serve_app.cli.screen.complaint import Complaint
from serve_app.config.settings import Settings


def object_name(settings: Settings, name: str) -> str:
    """The object for a name below the watched prefix. Raises `Complaint` where the application would not notice it."""
    chosen = f"{settings.watched_prefix}{name}"
    if not settings.watches(settings.source_bucket, chosen):
        patterns = " or ".join(settings.object_patterns)
        raise Complaint(
            f"gs://{settings.source_bucket}/{chosen} would not be noticed: only {patterns} is.",
            f"--name NAME with a name like {patterns}",
        )
    return chosen
