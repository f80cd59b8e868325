"""Makes an object of a run's output visible: under one precondition, and with what it came from in its metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actors.errors import Code, DropforgeError
from actors.model.attempt import Attempt
from actors.model.run import ObjectName, Run

from .bucket import Bucket, ObjectInfo

RUN = "dropforge-run"
SOURCE = "dropforge-source"
SOURCE_GENERATION = "dropforge-source-generation"

Write = Callable[[int, Mapping[str, str]], int | None]
"""Writes the object over this generation with this metadata; its new generation, or None where another won."""


class Publication:
    """Publishes one run's objects. Blocking; two at a time for one run arrive at the same generation."""

    def __init__(self, run: Run, output: Bucket) -> None:
        self._run = run
        self._output = output
        drop = run.drop
        self._metadata = {
            RUN: run.run_id,
            SOURCE: f"gs://{drop.bucket}/{drop.object}",
            SOURCE_GENERATION: str(drop.generation),
        }

    def publish(self, target: ObjectName, write: Write, attempt: Attempt) -> int:
        """The generation of the target that holds this run's bytes.

        A new attempt writes without looking; the precondition says where it was wrong. Raises `SUPERSEDED` where a
        newer version of the source is there, `OUTPUT_TAKEN` where what another source became is.
        """
        if attempt.new:
            written = write(0, self._metadata)
            if written is not None:
                return written
        while True:
            found = self._output.stat(target.name)
            if found is not None:
                if found.metadata.get(RUN) == self._run.run_id:
                    return found.generation
                self._check(target, found)
            written = write(found.generation if found is not None else 0, self._metadata)
            if written is not None:
                return written

    def check(self, target: ObjectName) -> None:
        """Raises now what `publish` would raise for what is at the target now."""
        found = self._output.stat(target.name)
        if found is not None and found.metadata.get(RUN) != self._run.run_id:
            self._check(target, found)

    def _check(self, target: ObjectName, found: ObjectInfo) -> None:
        drop, source = self._run.drop, found.metadata.get(SOURCE)
        if source is not None and source != self._metadata[SOURCE]:
            raise DropforgeError(
                Code.OUTPUT_TAKEN,
                f"{target.uri} holds what became of {source}, and {drop.uri} would overwrite it. "
                "Drop it under another name, or delete that object first.",
            )
        newer = int(found.metadata.get(SOURCE_GENERATION, 0)) if source is not None else 0
        if newer > drop.generation:
            raise DropforgeError(
                Code.SUPERSEDED,
                f"{drop.uri} was overtaken by generation {newer} of the same object, whose output is at "
                f"{target.uri}. Nothing needs to be done.",
            )
