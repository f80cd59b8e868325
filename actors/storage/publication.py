"""Publishes the objects of a run's output, under a precondition, and with their source in the metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actors.errors import Code, DropforgeError
from actors.model.attempt import Attempt
from actors.model.run import ObjectName, Run

from .bucket import Bucket
from .object_info import ObjectInfo

RUN = "dropforge-run"
SOURCE = "dropforge-source"
SOURCE_GENERATION = "dropforge-source-generation"

Write = Callable[[int, Mapping[str, str]], int | None]
"""Writes the object over a generation, with the metadata. Returns the new generation, None if another came first."""


class Publication:
    """Publishes one run's objects. Blocking. If two processes publish the same run, both get the same generation."""

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
        """Writes the target unless it already has this run's bytes; returns their generation.

        A new attempt writes without looking: the target is read only after a write found that it exists.

        Raises:
            SUPERSEDED: the target is the output of a newer generation of the drop.
            OUTPUT_TAKEN: the target is the output of another drop.
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
        """Raises what `publish` would raise for the object that is the target at this moment."""
        found = self._output.stat(target.name)
        if found is not None and found.metadata.get(RUN) != self._run.run_id:
            self._check(target, found)

    def _check(self, target: ObjectName, found: ObjectInfo) -> None:
        drop, source = self._run.drop, found.metadata.get(SOURCE)
        if source is not None and source != self._metadata[SOURCE]:
            raise DropforgeError(
                Code.OUTPUT_TAKEN,
                f"{target.uri} is the output of {source}, and the output of {drop.uri} would overwrite it. "
                "Drop the file under another name, or delete that object first.",
            )
        newer = int(found.metadata.get(SOURCE_GENERATION, 0)) if source is not None else 0
        if newer > drop.generation:
            raise DropforgeError(
                Code.SUPERSEDED,
                f"{drop.uri} was superseded by generation {newer} of the same object, whose output is {target.uri}. "
                "Nothing needs to be done.",
            )
