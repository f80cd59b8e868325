"""Shards' failures whose owner ended before their dead letters were sent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from actors.model.drop import Drop, Shard
from actors.model.failure import Failure
from actors.model.reason import Reason
from tests.support.stack import Stack
from tests.support.world import UNWATCHED

HEADER = b"uniq_id,product_name,description,brand,image,product_specifications,product_category_tree\n"
ROW = b"1,Shoe,These are shoes.,,[],{},Shoes\n"
SHARDS = [Shard(at, len(HEADER) + at * len(ROW), len(HEADER) + (at + 1) * len(ROW), at + 1, 1) for at in range(2)]


@pytest.fixture
def drop(stack: Stack) -> Drop:
    """Of two shards, both of which have failed in the hands of an owner that is gone."""
    drop = stack.drop(f"{UNWATCHED}unsent.csv", HEADER + ROW + ROW)
    now = datetime.now(UTC)
    for shard in SHARDS:
        failure = Failure(
            run_id=drop.run_id,
            shard=shard,
            stage="clean",
            reason=Reason(code="actor_died", message="The replica died."),
            attempts=3,
            first_at=now,
            last_at=now,
            version="0.1.0",
        )
        stack.ledger.records(drop.run_id).write_failure(failure)
    stack.accept(drop, shard_rows=1)
    return drop


def replay(stack: Stack, **selection: object) -> None:
    answer = stack.call("POST", "/replays", json={"selection": selection, "dry_run": False})
    assert answer.status_code == 200, answer.text
    path = f"/replays/{answer.json()['replay']}"
    stack.until("The end of the replay", lambda: stack.call("GET", path).json()["state"] == "done")


def test_the_next_owner_sends_them_once(stack: Stack, drop: Drop) -> None:
    def sent() -> bool:
        entries = stack.call("GET", f"/dead-letters?run={drop.run_id}").json()["entries"]
        return len(entries) == 2 and all(entry["in_topic"] and entry["in_bucket"] for entry in entries)

    def rests() -> bool:
        return drop.run_id not in stack.ledger.open_run_ids()

    stack.until("The dead letters", sent)
    stack.until("The end of the drive", rests)
    records = stack.ledger.records(drop.run_id)
    replay(stack, run=drop.run_id, shard=0)
    assert records.part(SHARDS[0]) is not None
    stack.until("The end of the replayed drive", rests)
    # The other shard was not asked for: it has the one dead letter that it had.
    assert len(stack.dead_letters_with({"run": drop.run_id, "shard": "1"})) == 1
    replay(stack, run=drop.run_id)
    assert stack.done(drop).counts.rows_out == 2
