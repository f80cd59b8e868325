"""Google's Pub/Sub emulator, as a program to start. It needs gcloud's component `pubsub-emulator` and Java."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from .port import HOST


@dataclass(frozen=True, slots=True)
class GooglePubsubEmulator:
    """The emulator's jar in the gcloud installation. It keeps its state in memory only."""

    java: str
    jar: Path
    name: ClassVar[str] = "Pub/Sub (Google's emulator)"
    ready_line: ClassVar[re.Pattern[str]] = re.compile(r"Server started, listening on")
    start_s: ClassVar[float] = 60.0

    @classmethod
    def find(cls) -> Self | None:
        """The installed emulator, or None when gcloud, its emulator component or Java is missing."""
        gcloud, java = shutil.which("gcloud"), shutil.which("java")
        root = os.environ.get("CLOUDSDK_ROOT_DIR") or (gcloud and str(Path(gcloud).resolve().parent.parent))
        if not root or not java:
            return None
        jars = sorted(Path(root).glob("platform/pubsub-emulator/lib/cloud-pubsub-emulator-*.jar"))
        return cls(java, jars[-1]) if jars else None

    def command(self, port: int) -> list[str]:
        return [self.java, "-jar", str(self.jar), f"--host={HOST}", f"--port={port}"]

    def environment(self) -> Mapping[str, str]:
        return {}
