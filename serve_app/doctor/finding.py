"""The result of one check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How serious a finding is. `UNKNOWN`: the caller lacks a permission, or the server does not support the call."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` names what was checked, `what` is the result, and `fix` what to do; empty when nothing is wrong."""

    check: str
    level: Level
    what: str
    fix: str = ""

    @property
    def wrong(self) -> bool:
        return self.level in (Level.WARNING, Level.ERROR)


def ok(check: str, what: str) -> Finding:
    return Finding(check, Level.OK, what)


def unknown(check: str, what: str, fix: str) -> Finding:
    return Finding(check, Level.UNKNOWN, what, fix)


def warning(check: str, what: str, fix: str) -> Finding:
    return Finding(check, Level.WARNING, what, fix)


def error(check: str, what: str, fix: str) -> Finding:
    return Finding(check, Level.ERROR, what, fix)
