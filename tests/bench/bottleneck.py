"""What limits a simulated run: tried out, not read off, since what is busy may yet not be what is waited for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .simulation import Cloud, Cost, Costs, Fleet, Outcome, Work, simulate

_WORTH_TRYING = 0.5
"""Share of the time that something is busy below which twice as much of it can't help."""


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """`saves` is the share of the run's time that twice as much of it saves."""

    name: str
    saves: float


def bottleneck(work: Work, fleet: Fleet, costs: Costs, cloud: Cloud, outcome: Outcome) -> Bottleneck:
    """What saves most were there twice as much of it."""
    doubled = {
        "cleaners": (replace(fleet, cleaners=2 * fleet.cleaners), costs, cloud),
        "fetchers": (replace(fleet, fetchers=2 * fleet.fetchers), costs, cloud),
        "attributes": (replace(fleet, attributes=2 * fleet.attributes), costs, cloud),
        "writers": (replace(fleet, writers=2 * fleet.writers), costs, cloud),
        "slots": (replace(fleet, shards_in_flight=2 * fleet.shards_in_flight), costs, cloud),
        "owner": (fleet, replace(costs, owner=Cost(costs.owner.row_s / 2, costs.owner.shard_s / 2)), cloud),
        "scan": (
            fleet,
            replace(costs, scan_s_per_mb=costs.scan_s_per_mb / 2),
            replace(cloud, read_mb_per_s=2 * cloud.read_mb_per_s),
        ),
        "bucket's writes": (fleet, costs, replace(cloud, writes_per_s=2 * cloud.writes_per_s)),
        "compositions": (fleet, costs, replace(cloud, compose_s=cloud.compose_s / 2)),
    }
    saves = {
        name: 1 - simulate(work, *changed).seconds / outcome.seconds
        for name, changed in doubled.items()
        if outcome.busy.get(name, 1.0) > _WORTH_TRYING
    }
    best = max(saves, key=lambda name: saves[name])
    return Bottleneck(best, saves[best])
