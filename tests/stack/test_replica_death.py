"""A replica that is killed in the middle of a run costs time, and nothing else."""

from __future__ import annotations

import os
import signal

from tests.support.processes import replicas
from tests.support.stack import Stack
from tests.support.world import UNWATCHED


def test_killing_a_cleaner_changes_no_byte(stack: Stack, sample: bytes) -> None:
    undisturbed = stack.drop(f"{UNWATCHED}undisturbed.csv", sample)
    stack.accept(undisturbed, fetch_images=False, shard_rows=400)
    expected = stack.output_of(stack.done(undisturbed))

    drop = stack.drop(f"{UNWATCHED}disturbed.csv", sample)
    run = stack.accept(drop, fetch_images=False, shard_rows=4)
    records = stack.ledger.records(run.run_id)
    stack.until("The first parts", lambda: len(stack.names(records.names.parts)) >= 5)
    before = replicas()["Cleaner"]
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    assert records.manifest() is None

    manifest = stack.done(drop)
    assert stack.output_of(manifest) == expected
    assert manifest.shards == 175
    stack.until(
        "A new Cleaner",
        lambda: len(replicas()["Cleaner"]) == 2 and before[0] not in replicas()["Cleaner"],
    )
