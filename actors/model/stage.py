"""What is done for a run, by the names that policies, logs, metrics, spans and dead letters have for it."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """A step that can fail and be tried again.

    `PLAN` and `ASSEMBLE` are a run's, `READ`, `CLEAN`, `IMAGES` and `WRITE` a shard's; each is a call of a deployment.
    `SHARD` is a shard as a whole, which starts over where a stage's input was lost, `RUN` what is neither a stage's nor
    a shard's, `ACCEPT` a notification on its way to becoming a run.
    """

    PLAN = "plan"
    READ = "read"
    CLEAN = "clean"
    IMAGES = "images"
    WRITE = "write"
    ASSEMBLE = "assemble"
    SHARD = "shard"
    RUN = "run"
    ACCEPT = "accept"
