"""A shard's failure whose owner ended before its dead letter was sent."""

from __future__ import annotations

from datetime import UTC, datetime

from stack import UNWATCHED, Stack

from actors.drop import Shard
from actors.failure import Failure
from actors.manifest import Reason

HEADER = b"uniq_id,product_name,description,brand,image,product_specifications,product_category_tree\n"
ROW = b"1,Shoe,These are shoes.,,[],{},Shoes\n"


def test_the_next_owner_sends_it(stack: Stack) -> None:
    drop = stack.drop(f"{UNWATCHED}unsent.csv", HEADER + ROW)
    now = datetime.now(UTC)
    failure = Failure(
        run_id=drop.run_id,
        shard=Shard(0, len(HEADER), len(HEADER + ROW), 1, 1),
        stage="clean",
        reason=Reason(code="actor_died", message="The replica died."),
        attempts=3,
        first_at=now,
        last_at=now,
        version="0.1.0",
    )
    stack.ledger.records(drop.run_id).write_failure(failure)
    stack.accept(drop)

    def sent() -> bool:
        entries = stack.call("GET", f"/dead-letters?run={drop.run_id}").json()["entries"]
        return bool(entries) and all(entry["in_topic"] and entry["in_bucket"] for entry in entries)

    stack.until("The dead letter", sent)
    stack.until("The end of the drive", lambda: drop.run_id not in stack.ledger.open_run_ids())
    assert stack.call("POST", "/replays", json={"selection": {"run": drop.run_id}, "dry_run": False}).status_code == 200
    assert stack.done(drop).counts.rows_out == 1
