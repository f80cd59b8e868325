"""Several versions of one object: the newest one's output stays."""

from __future__ import annotations

import pytest

from actors.model.drop import Drop
from actors.model.manifest import Manifest
from tests.support.csv_records import records_of
from tests.support.stack import Stack

HEADER = b"uniq_id,product_name,description,brand,image,product_specifications,product_category_tree\n"
NAMELESS = b",Nameless,of no description worth it,,[],{},c\n"
NAME = "in/overwritten.csv"


@pytest.fixture(scope="module")
def older(stack: Stack) -> tuple[Drop, Manifest]:
    # Of two shards, so that it has parts.
    drop = stack.drop(NAME, HEADER + b"1,Old shoe,These are shoes.,,[],{},Shoes\n" + 100 * NAMELESS)
    return drop, stack.done(drop)


@pytest.fixture(scope="module")
def newer(stack: Stack, older: tuple[Drop, Manifest]) -> tuple[Drop, Manifest]:
    drop = stack.drop(NAME, HEADER + b"1,New shoe,These are shoes.,,[],{},Shoes\n")
    return drop, stack.done(drop)


def current_names(stack: Stack, manifest: Manifest) -> list[str]:
    assert manifest.output is not None
    info = stack.output.stat(manifest.output.name)
    assert info is not None
    assert info.generation == manifest.output_generation
    return [row["product_name"] for row in records_of(stack.output_of(manifest))]


def test_a_newer_drop_s_output_replaces_the_older_one_s(
    stack: Stack, older: tuple[Drop, Manifest], newer: tuple[Drop, Manifest]
) -> None:
    assert older[1].output == newer[1].output
    assert current_names(stack, newer[1]) == ["New shoe"]


def test_each_drop_keeps_its_own_rejects_and_images_folder(
    stack: Stack, older: tuple[Drop, Manifest], newer: tuple[Drop, Manifest]
) -> None:
    assert older[1].rejects is not None
    assert older[0].generation != newer[0].generation
    assert stack.output.read(older[1].rejects.name) == HEADER + 100 * NAMELESS
    folders = [stack.settings.run_for(drop).image_folder for drop, _ in (older, newer)]
    assert folders[0] != folders[1]


def test_an_older_drop_that_finishes_later_is_superseded(
    stack: Stack, older: tuple[Drop, Manifest], newer: tuple[Drop, Manifest]
) -> None:
    # The older run as its owner left it who died after the last part: all parts, no result, still open.
    drop = older[0]
    stack.output.delete(stack.ledger.records(drop.run_id).names.manifest)
    stack.ledger.reopen(drop.run_id)
    manifest = stack.result(drop)
    assert manifest.reason is not None
    assert (manifest.state, manifest.reason.code) == ("refused", "superseded")
    assert str(newer[0].generation) in manifest.reason.message
    assert current_names(stack, newer[1]) == ["New shoe"]
