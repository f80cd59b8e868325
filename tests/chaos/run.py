"""Plays scenarios on a stack, one after the other, and looks once more at everything at the end."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from actors.model.manifest import Manifest
from infra.local.sample import sample
from tests.support.outcome import records

from .node_stack import NodeStack
from .scenario import Scenario
from .scene import Figures, Scene, undisturbed

_SHORTER_RECORDS = 125
"""The header, and rows of which the last shard has four."""
_DRAINED_S = 100.0
"""Longer than the deadline after which a message is delivered again whose receiver was killed."""


@dataclass(frozen=True, slots=True)
class Played:
    scenario: Scenario
    seed: int
    figures: Figures


class Series:
    """Scenarios on one stack. `on_played` is told each as it ends; `logs` is where logs go when one went wrong."""

    def __init__(
        self, stack: NodeStack, on_played: Callable[[Played], None] = lambda played: None, logs: Path | None = None
    ) -> None:
        stack.ensure(1)
        content = sample(stack.images.url).content
        undisturbed(stack, "warm-up", content)
        self.undisturbed = undisturbed(stack, "undisturbed", content)
        self._shorter = undisturbed(stack, "shorter", b"".join(records(content)[:_SHORTER_RECORDS]))
        self.played: list[Played] = []
        self._stack = stack
        self._finished: list[Manifest] = []
        self._on_played = on_played
        self._logs = logs

    def play(self, scenario: Scenario, seed: int) -> Figures:
        self._stack.ensure(scenario.nodes)
        self._stack.forget()
        scene = Scene(self._stack, str(scenario), seed, self.undisturbed, self._shorter)
        started = time.monotonic()
        try:
            scenario.play(scene)
        except Exception as error:
            scene.wrong(str(error) if isinstance(error, TimeoutError) else traceback.format_exc())
        scene.figures.seconds = time.monotonic() - started
        scene.figures.duplicate_fetches = scene.duplicate_fetches()
        self._finished += scene.finished
        played = Played(scenario, seed, scene.figures)
        self.played.append(played)
        self._on_played(played)
        if self._logs is not None and scene.figures.wrong:
            for at, node in enumerate(self._stack.nodes):
                node.keep_logs(self._logs / f"{scenario}-{seed}-{at}")
        self._stack.remove_images()
        return scene.figures

    def audit(self) -> list[str]:
        """What is wrong at the end: a message left behind, a run not closed, an output that is not its manifest's."""
        self._stack.forget()
        wrong = self._left_behind()
        ledger = self._stack.ledger
        wrong += [f"run {run} is open" for run in ledger.open_run_ids()]
        wrong += [f"run {run} is incomplete" for run in ledger.incomplete_run_ids()]
        for manifest in self._finished:
            assert manifest.output is not None
            info = self._stack.output.stat(manifest.output.name)
            if info is None or info.generation != manifest.output_generation:
                wrong.append(f"{manifest.output.uri} is {info}, not generation {manifest.output_generation}")
            if ledger.records(manifest.run_id).manifest() != manifest:
                wrong.append(f"the manifest of {manifest.drop.uri} has changed")
        return wrong

    def _left_behind(self) -> list[str]:
        deadline = time.monotonic() + _DRAINED_S
        while (left := self._stack.undelivered()) and time.monotonic() < deadline:
            time.sleep(1.0)
        return [f"a message is left on {message}" for message in left]
