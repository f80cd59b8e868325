"""Rows of one id in one drop: each has an image of its own, whichever is worked on first."""

from __future__ import annotations

import pytest

from actors.model.catalogue import Columns
from tests.support.csv_records import csv_of, records_of
from tests.support.stack import Stack
from tests.support.world import UNWATCHED

IDS = ["a", "b", "a", "a%row1", "a", "b", "", "c", "a_0", "a"]
NAMES = ["a", "b", "a%row3", "a%25row1", "a%row5", "b%row6", None, "c", "a_0", "a%row10"]


@pytest.mark.parametrize("shard_rows", [1, 3, 100])
def test_each_row_has_its_own_image(stack: Stack, shard_rows: int) -> None:
    rows = [
        dict.fromkeys(Columns().model_dump().values(), "x")
        | {"uniq_id": row_id, "image": f'["{stack.images.url}/repeated/{number}.png"]'}
        for number, row_id in enumerate(IDS)
    ]
    drop = stack.drop(f"{UNWATCHED}repeated/{shard_rows}.csv", csv_of(rows))
    run = stack.accept(drop, shard_rows=shard_rows)
    manifest = stack.done(drop)
    assert (manifest.counts.rejects, manifest.counts.repeated_ids) == ({"missing_value": 1}, 4)
    folder = f"gs://{run.image_bucket}/{run.image_folder}"
    uris = [record["image_uri"] for record in records_of(stack.output_of(manifest))]
    assert uris == [f"{folder}/{name}_0.png" for name in NAMES if name is not None]
    assert len(stack.names(f"{run.image_folder}/")) == 9
    fetched = [stack.images.requests[f"/repeated/{number}.png"] for number in range(len(IDS))]
    assert all(count for number, count in enumerate(fetched) if IDS[number])
