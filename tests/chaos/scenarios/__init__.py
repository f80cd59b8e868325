"""Every scenario, in an order in which few nodes have to be started."""

from __future__ import annotations

from tests.chaos.scenario import Scenario

from . import changes, dead_letters, kills, messaging, ownership, sources, storage

ALL: tuple[Scenario, ...] = (
    *kills.SCENARIOS,
    *storage.SCENARIOS,
    *sources.SCENARIOS,
    *ownership.SCENARIOS,
    *messaging.SCENARIOS,
    *dead_letters.SCENARIOS,
    *changes.SCENARIOS,
    *ownership.SCENARIOS_OF_TWO,
)
