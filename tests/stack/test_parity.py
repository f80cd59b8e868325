"""The Flipkart sample against the output of the reference, cell by cell."""

from __future__ import annotations

import io
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from PIL import Image

from actors.model.drop import Drop
from actors.model.manifest import Manifest
from actors.model.run import Run
from infra.local.image_host import image_bytes
from tests.support.csv_records import csv_of, records_of
from tests.support.stack import Stack

NAME = "in/shop/flipkart.csv"


@pytest.fixture(scope="module")
def drop(stack: Stack, sample: bytes) -> Drop:
    stack.images.requests.clear()
    drop = stack.drop(NAME, sample)
    stack.done(drop)
    return drop


@pytest.fixture(scope="module")
def manifest(stack: Stack, drop: Drop) -> Manifest:
    return stack.done(drop)


@pytest.fixture(scope="module")
def run(stack: Stack, drop: Drop) -> Run:
    run = stack.ledger.records(drop.run_id).run()
    assert run is not None
    return run


@pytest.fixture(scope="module")
def output(stack: Stack, manifest: Manifest) -> list[dict[str, str]]:
    return records_of(stack.output_of(manifest))


def test_every_cell_is_the_reference_s(
    output: list[dict[str, str]], golden: bytes, capsys: pytest.CaptureFixture
) -> None:
    expected = records_of(golden)
    compared: Counter[str] = Counter()
    different: list[tuple[int, str, str, str]] = []
    for number, (row, wanted) in enumerate(zip(output, expected, strict=True), start=1):
        for column, cell in wanted.items():
            compared[column] += 1
            ours, theirs = row[column], cell
            if column == "image_uri":  # its folder is a setting
                ours, theirs = ours.rpartition("/")[2], theirs.rpartition("/")[2]
            if ours != theirs:
                different.append((number, column, ours, theirs))
    with capsys.disabled():
        print(f" {compared.total()} cells of {len(compared)} columns compared, {len(different)} different", end="")
    assert different == []
    assert compared.total() == 597 * 14


def test_the_eighth_level_is_ours(output: list[dict[str, str]]) -> None:
    assert list(output[0])[-2:] == ["c6_name", "c7_name"]
    assert {row["c7_name"] for row in output if not row["c6_name"]} == {""}


def test_counts_add_up(manifest: Manifest, stack: Stack) -> None:
    counts = manifest.counts
    assert (counts.records, counts.blank, counts.rows_out) == (799, 200, 597)
    assert counts.rejects == {"missing_value": 2}
    assert counts.add_up
    assert counts.images == {"stored": 597}
    assert (counts.image_failures, counts.images_reused) == ({}, 0)
    assert counts.entries_without_key == 458
    parts = stack.ledger.records(manifest.run_id).parts()
    # A hundred each that are no empty lines.
    assert [part.shard.rows for part in parts] == [100, 100, 100, 100, 100, 100, 199]
    assert sum(part.counts.records for part in parts) == counts.records
    assert manifest.source_bytes == parts[-1].shard.end


def test_images_are_stored_and_can_be_decoded(
    stack: Stack, output: list[dict[str, str]], manifest: Manifest, run: Run
) -> None:
    folder = f"gs://{run.image_bucket}/{run.image_folder}/"

    def check(row: dict[str, str]) -> tuple[str, int]:
        assert row["image_uri"].startswith(folder)
        data = stack.output.read(row["image_uri"].removeprefix(f"gs://{run.image_bucket}/"))
        served = urlsplit(json.loads(row["image"])[0]).path
        with Image.open(io.BytesIO(data)) as stored, Image.open(io.BytesIO(image_bytes(served))) as original:
            stored.load()
            assert stored.format == "JPEG"
            assert stored.tobytes() == original.tobytes()
        return served, len(data)

    with ThreadPoolExecutor(16) as threads:
        sizes = dict(threads.map(check, output))
    assert len(sizes) < len(output), "no two rows have their image in common"
    assert sum(sizes.values()) == manifest.counts.image_bytes


def test_no_image_is_fetched_or_stored_twice(stack: Stack, output: list[dict[str, str]], run: Run) -> None:
    uris = {row["image_uri"] for row in output}
    assert len(uris) == 597
    stored = stack.names(f"{run.image_folder}/")
    assert {f"gs://{run.image_bucket}/{name}" for name in stored} == uris
    firsts = {urlsplit(json.loads(row["image"])[0]).path for row in output}
    assert {path: stack.images.requests[path] for path in firsts} == dict.fromkeys(firsts, 1)


def test_rejects_say_why_and_can_be_mended_and_dropped_again(
    stack: Stack, sample: bytes, manifest: Manifest, run: Run
) -> None:
    assert (manifest.rejects, manifest.reasons) == (run.rejects, run.reasons)
    rejects, reasons = stack.output.read(run.rejects.name), stack.output.read(run.reasons.name)
    rows = records_of(rejects)
    source = {row["uniq_id"]: row for row in records_of(sample)}
    told = [json.loads(line) for line in reasons.splitlines()]
    assert [(reason["row"], reason["code"]) for reason in told] == [(22, "missing_value"), (553, "missing_value")]
    assert ["product_specifications" in told[0]["detail"], "description" in told[1]["detail"]] == [True, True]
    for row, reason in zip(rows, told, strict=True):
        assert row == source[row["uniq_id"]]
        assert sample[reason["offset"] :].startswith(row["uniq_id"].encode())

    rows[0]["product_specifications"] = '{"product_specification"=>[{"key"=>"Type", "value"=>"Shorts"}]}'
    rows[1]["description"] = "Tops\nand blouses"
    again = stack.drop("in/shop/flipkart-mended.csv", csv_of(rows))
    done = stack.done(again)
    assert (done.counts.rows_out, done.counts.rejects) == (2, {})
    first, second = records_of(stack.output_of(done))
    assert (first["uniq_id"], first["attributes"]) == (rows[0]["uniq_id"], '{"Type": "Shorts"}')
    assert (second["uniq_id"], second["description"]) == (rows[1]["uniq_id"], "top blouse")


def test_the_api_says_the_same(stack: Stack, drop: Drop, manifest: Manifest) -> None:
    view = stack.view(drop)
    assert view is not None
    assert (view["state"], view["output_generation"]) == ("done", manifest.output_generation)
    assert view["counts"] == manifest.counts.model_dump(mode="json")
    assert view["shards"] == {
        "planned": 7, "plan_complete": True, "done": 7, "reused": 0, "failed": 0, "in_flight": 0,
        "cells": ["done"] * 7,
    }  # fmt: skip
    listed = stack.call("GET", "/runs?limit=200").json()["runs"]
    assert [run["run_id"] for run in listed].count(drop.run_id) == 1
