"""Checks of this machine: its clock, by which leases expire, and the installed versions."""

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
    """Compares this machine's clock with Cloud Storage's.

    `date` is the `Date` header of an answer, in whole seconds, or None; `now` is the time at which it arrived.
    """
    if not date:
        return unknown(
            "clock", "Cloud Storage's answer has no Date header.", "compare the clock with another machine's"
        )
    # The header is truncated to the second: on average it is half a second behind.
    skew_s = (now - parsedate_to_datetime(date).astimezone(UTC)).total_seconds() - 0.5
    text = f"This machine's clock is {abs(skew_s):.0f} s {'ahead of' if skew_s > 0 else 'behind'} Cloud Storage's."
    fix = "synchronise it with systemd-timesyncd, chrony, or the host's time service"
    if abs(skew_s) > settings.lease_s / 2:
        return error("clock", f"{text} Leases of live owners expire early, or those of dead owners late.", fix)
    if abs(skew_s) > _WORTH_TELLING_S:
        return warning("clock", text, fix)
    return ok("clock", "The clock differs from Cloud Storage's by less than two seconds.")


def judge_versions() -> Iterator[Finding]:
    """Checks Python and every dependency against the requirements of this version of Dropforge."""
    metadata = importlib.metadata.metadata("dropforge")
    wrong = 0
    python = metadata["Requires-Python"]
    if python and not SpecifierSet(python).contains(platform.python_version(), prereleases=True):
        wrong += 1
        yield error(
            "versions",
            f"Python {python} is required, but this is Python {platform.python_version()}.",
            "make PYTHON=python3.12",
        )
    for text in importlib.metadata.requires("dropforge") or ():
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            installed = ""
        if not installed or not requirement.specifier.contains(installed, prereleases=True):
            wrong += 1
            found = f"version {installed} is installed" if installed else "it is not installed"
            yield error(
                "versions",
                f"{requirement.name} {requirement.specifier} is required, but {found}.",
                "pip install --require-hashes -r requirements.txt",
            )
    if not wrong:
        version = importlib.metadata.version("dropforge")
        yield ok("versions", f"Dropforge {version} and its dependencies, on Python {platform.python_version()}.")
