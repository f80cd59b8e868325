"""Drops that meet everything there is a series, a log line or a span for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from actors.model.attempt import NEW
from actors.model.drop import Drop
from actors.model.run import Run

from .csv_records import csv_of
from .stack import Stack
from .world import UNWATCHED

BUSY = "/trouble/busy.png"
MISSING = "/trouble/missing.png"


@dataclass(frozen=True, slots=True)
class Trouble:
    """`faulty` has rejects and images that are not found, in three shards. `replayed` was dead-lettered with `letter`'s
    attributes and then replayed. `taken_over` was begun by an owner that is gone."""

    faulty: Drop
    missing_url: str
    replayed: Drop
    letter: dict[str, str]
    replay: str
    taken_over: Run


def make_trouble(stack: Stack) -> Trouble:
    stack.images.statuses[MISSING] = 404
    missing = f"{stack.images.url}{MISSING}"
    faulty = stack.drop("in/trouble-faulty.csv", catalogue(stack, "/trouble/fine.png", MISSING, rows=240))
    stack.done(faulty)

    stack.images.statuses[BUSY] = 503
    drop = stack.drop("in/trouble-busy.csv", catalogue(stack, BUSY, rows=1))
    stack.until("A failed shard", lambda: drop.run_id in stack.ledger.incomplete_run_ids())
    (letter, *_) = stack.dead_letters_with({"run": drop.run_id})
    del stack.images.statuses[BUSY]
    request = {"dry_run": False, "selection": {"run": drop.run_id}}
    replay = stack.call("POST", "/replays", json=request).json()["replay"]
    stack.done(drop)
    stack.until("The replay's end", lambda: stack.call("GET", f"/replays/{replay}").json()["state"] == "done")
    return Trouble(faulty, missing, drop, letter, replay, taken_over(stack))


def taken_over(stack: Stack) -> Run:
    """A run whose owner has let its lease lapse, driven to its end by another."""
    drop = stack.drop(f"{UNWATCHED}trouble-taken-over.csv", catalogue(stack, "/trouble/fine.png", rows=1))
    run = stack.settings.run_for(drop)
    lease = stack.ledger.lease(run.run_id, "gone", ttl_s=1)
    lapsed = datetime.now(UTC) - timedelta(hours=1)
    lease._now = lambda: lapsed
    assert lease.acquire(NEW)
    stack.accept_run(run)
    stack.done(drop)
    return run


def catalogue(stack: Stack, *paths: str, rows: int) -> bytes:
    """Rows with one of the images each, in turn; every tenth of many has no description and is rejected."""
    return csv_of(
        [
            {
                "uniq_id": f"{row:04d}",
                "product_name": "Shoe",
                "description": "" if row % 10 == 9 else "These are shoes.",
                "brand": "",
                "image": f'["{stack.images.url}{paths[row % len(paths)]}"]',
                "product_specifications": "{}",
                "product_category_tree": "Shoes",
            }
            for row in range(rows)
        ]
    )
