"""Which drops have a run, and what it costs to find out."""

from __future__ import annotations

from actors.model.drop import Drop
from serve_app.reconciliation.known_runs import KnownRuns

from .conftest import Shop


def drops_of(shop: Shop, count: int) -> list[Drop]:
    """Every other one has a run."""
    drops = [Drop("dropforge-in", f"in/{number}.csv", 1) for number in range(count)]
    for drop in drops[::2]:
        shop.accepted(drop)
    return drops


def test_few_are_asked_for_one_by_one(shop: Shop) -> None:
    drops = drops_of(shop, 4)
    assert KnownRuns(shop.registry, few=4).missing(drops) == drops[1::2]
    assert shop.asked == {"stat runs": 4}


def test_many_are_looked_up_in_one_listing(shop: Shop) -> None:
    drops = drops_of(shop, 6)
    known = KnownRuns(shop.registry, few=4)
    assert known.missing(drops[:3]) == [drops[1]]
    assert known.missing(drops[3:5]) == [drops[3]]
    assert known.missing(drops[5:]) == [drops[5]]
    assert shop.asked == {"stat runs": 3, "objects open": 1, "objects incomplete": 1, "objects closed": 1}


def test_nothing_costs_nothing(shop: Shop) -> None:
    assert KnownRuns(shop.registry).missing([]) == []
    assert shop.asked == {}
