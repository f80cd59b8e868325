"""Command-line tools of PyPI, pinned, each in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_MINUTES = 10


def run_tool(requirement: str, *arguments: str, command: str = "") -> str:
    """What the tool prints. Fails the test with it where the tool exits with anything but 0."""
    name = command or requirement.partition("==")[0]
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if uv is None:
        pytest.skip(f"uv is not installed; it brings {name}")
    ran = subprocess.run(
        [uv, "tool", "run", "--from", requirement, name, *arguments],
        capture_output=True,
        text=True,
        timeout=60 * _MINUTES,
    )
    if ran.returncode:
        pytest.fail(f"{name} found fault:\n{ran.stdout[-6000:]}\n{ran.stderr[-2000:]}", pytrace=False)
    return ran.stdout
