"""Tests that are skipped for want of a tool: told in one line at the end, and a failure where `--need-tools` is given.

`.ci/run` installs Chromium and Prometheus, so there no test may be skipped for want of them. Google's Pub/Sub emulator,
the checks of `infra` and of the image, and files that this repository may not hold are nobody's to install.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

WANTED = {
    "Chromium": "no Chromium here: `apt-get install chromium` (Debian) for the tests of the status page",
    "Prometheus": "no Prometheus here: `apt-get install prometheus` (Debian) for the tests of metrics and rules",
}
"""By tool, the reason of the skip."""


def wanting(reasons: Iterable[str]) -> Counter[str]:
    """How many of the skips are for want of each tool."""
    return Counter(tool for reason in reasons for tool, told in WANTED.items() if told in reason)


def told(wanted: Counter[str]) -> str:
    """One line for people."""
    tests = ", ".join(f"{count} for want of {tool}" for tool, count in wanted.items())
    return f"skipped: {tests}; `.ci/run` installs what is missing and runs them all"
