"""This machine's part: its clock, by which leases lapse, and the versions it has installed."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from serve_app.config.settings import Settings

from .finding import Finding, error, ok, unknown, warning

_WORTH_TELLING_S = 2.0


def judge_clock(date: str | None, now: datetime, settings: Settings) -> Finding:
    """`date` is the `Date` header of Cloud Storage's answer, whole seconds; `now` is when it came."""
    if not date:
        return unknown("clock", "The server has sent no Date.", "compare the clock with another machine's")
    # The header is cut to the second: on average it is half of one old.
    skew_s = (now - parsedate_to_datetime(date).astimezone(UTC)).total_seconds() - 0.5
    text = f"This machine's clock is {abs(skew_s):.0f} s {'ahead of' if skew_s > 0 else 'behind'} Cloud Storage's."
    fix = "synchronise it: systemd-timesyncd, chrony, or the host's own time service"
    if abs(skew_s) > settings.lease_s / 2:
        return error("clock", f"{text} Runs are taken from owners that are alive, or left with dead ones.", fix)
    if abs(skew_s) > _WORTH_TELLING_S:
        return warning("clock", text, fix)
    return ok("clock", "The clock is Cloud Storage's, to two seconds.")


def judge_versions() -> Iterator[Finding]:
    """Whether what is installed is what this version of Dropforge was made for."""
    metadata = importlib.metadata.metadata("dropforge")
    wrong = 0
    python = metadata["Requires-Python"]
    if python and not SpecifierSet(python).contains(platform.python_version(), prereleases=True):
        wrong += 1
        yield error(
            "versions", f"Python {platform.python_version()} runs, {python} is needed.", "make PYTHON=python3.12"
        )
    for text in importlib.metadata.requires("dropforge") or ():
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            installed = "nothing"
        if installed == "nothing" or not requirement.specifier.contains(installed, prereleases=True):
            wrong += 1
            yield error(
                "versions",
                f"{requirement.name} {requirement.specifier} is needed, {installed} is installed.",
                "pip install --require-hashes -r requirements.txt",
            )
    if not wrong:
        version = importlib.metadata.version("dropforge")
        yield ok("versions", f"Dropforge {version} and what it needs, on Python {platform.python_version()}.")
