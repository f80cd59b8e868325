"""Drops a file into a running system and waits for its run's end."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from actors.model.drop import Drop
from tests.support.system import System

_FINAL = ("done", "refused", "incomplete")


def drop(system: System, path: Path, name: str | None = None) -> Drop:
    """Uploads the file into the watched prefix with the ordinary client, a piece at a time."""
    settings = system.settings
    blob = system.client.bucket(settings.source_bucket).blob(settings.watched_prefix + (name or path.name))
    blob.upload_from_filename(str(path), timeout=600)
    return Drop(settings.source_bucket, blob.name, int(blob.generation))


def wait(
    system: System, dropped: Drop, *, deadline_s: float, every_s: float = 0.1, until_seen: bool = False
) -> dict[str, Any]:
    """The run's view once it has ended, or with `until_seen` once there is one."""
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{system.url}/runs/{dropped.run_id}", timeout=30) as answer:
                view: dict[str, Any] = json.load(answer)
            if until_seen or view["state"] in _FINAL:
                return view
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
        time.sleep(every_s)
    raise TimeoutError(f"{dropped.uri} did not end within {deadline_s:.0f} s")


def drop_and_wait(system: System, path: Path, *, deadline_s: float) -> dict[str, Any]:
    return wait(system, drop(system, path), deadline_s=deadline_s)
