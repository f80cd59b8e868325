"""Files that can't be processed: refused with a reason, and nothing published."""

from __future__ import annotations

import gzip

import pytest

from actors.errors import Code, Kind
from actors.model.drop import Drop
from tests.support.stack import Stack
from tests.support.world import UNWATCHED

HEADER = b"uniq_id,product_name,description,brand,image,product_specifications,product_category_tree\n"
ROWS = HEADER + b"1,Shoe,These are shoes.,,[],{},Shoes\n"


def assert_refused(stack: Stack, drop: Drop, code: Code) -> str:
    """The message of the refusal."""
    manifest = stack.result(drop)
    assert manifest.reason is not None
    assert (manifest.state, manifest.reason.code) == ("refused", code)
    assert (manifest.output, manifest.rejects, manifest.counts.rows_out) == (None, None, 0)
    run = stack.ledger.records(drop.run_id).run()
    assert run is not None
    for name in (run.output.name, run.rejects.name, run.reasons.name):
        found = stack.output.stat(name)
        assert found is None or found.metadata["dropforge-run"] != run.run_id
    assert stack.names(f"{run.image_folder}/") == []
    assert drop.run_id in stack.ledger.closed_run_ids(1000)
    view = stack.view(drop)
    assert view is not None
    assert (view["state"], view["reason"]["code"], view["output"]) == ("refused", code, None)
    return manifest.reason.message


REFUSED = {
    "empty": (b"", Code.EMPTY_FILE, "with a header"),
    "blank": (b"\r\n\r\n", Code.EMPTY_FILE, "only whitespace"),
    "html": (b"<!DOCTYPE html><html><body>Please sign in</body></html>", Code.NOT_A_CSV, "HTML"),
    "json": (b'[{"uniq_id": 1}]', Code.NOT_A_CSV, "JSON"),
    "gzip-damaged": (b"\x1f\x8b\x08\x00" + b"\x00" * 40, Code.NOT_A_CSV, "damaged"),
    "gzip-cut-off": (gzip.compress(ROWS)[:-5], Code.NOT_A_CSV, "truncated"),
    "gzip-in-gzip": (gzip.compress(gzip.compress(ROWS)), Code.NOT_A_CSV, "gzip"),
    "gzip-of-html": (gzip.compress(b"<html>Please sign in"), Code.NOT_A_CSV, "HTML"),
    "gzip-bomb": (gzip.compress(ROWS + bytes(40 << 20)), Code.TOO_LARGE, "expands"),
    "missing-column": (ROWS.replace(b",description,", b",descriptoin,"), Code.MISSING_COLUMN, "descriptoin"),
    "no-header": (ROWS.removeprefix(HEADER), Code.MISSING_COLUMN, "uniq_id"),
    "twice-a-column": (ROWS.replace(b"product_name", b"description"), Code.DUPLICATE_COLUMN, "description"),
    "utf-16-unmarked": (ROWS.decode().encode("utf-16-le"), Code.UNSUPPORTED_ENCODING, "UTF-8"),
}


@pytest.fixture(scope="module")
def drops(stack: Stack) -> dict[str, Drop]:
    return {name: stack.drop(f"in/refused/{name}.csv", data) for name, (data, _, _) in REFUSED.items()}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_can_t_be_processed(stack: Stack, drops: dict[str, Drop], name: str) -> None:
    _, code, told = REFUSED[name]
    assert code.kind is Kind.FILE
    assert told in assert_refused(stack, drops[name], code)


@pytest.mark.parametrize("how", ["overwritten", "deleted"])
def test_a_source_that_is_gone_before_it_is_read(stack: Stack, how: str) -> None:
    name = f"{UNWATCHED}gone-{how}.csv"
    older = stack.drop(name, ROWS)
    if how == "deleted":
        stack.source.delete(name)
    else:
        newer = stack.drop(name, ROWS + b"2,Boot,These are boots.,,[],{},Shoes\n")
    stack.accept(older, fetch_images=False)
    assert "deleted or overwritten" in assert_refused(stack, older, Code.SOURCE_GONE)
    if how == "overwritten":
        # Not before: where the newer version has its output already, the older one is refused as superseded.
        stack.accept(newer, fetch_images=False)
        assert stack.done(newer).counts.rows_out == 2


def test_another_s_output_is_known_before_images_are_fetched(stack: Stack) -> None:
    rows = HEADER + f"1,Shoe,These are shoes.,,[{stack.images.url}/ok/taken.jpg],{{}},Shoes\n".encode()
    first = stack.done(stack.drop("in/taken.csv", rows))
    assert first.counts.images == {"stored": 1}
    other = stack.drop(f"{UNWATCHED}taken.csv", rows)
    stack.accept(other, output=first.output)
    assert "in/taken.csv" in assert_refused(stack, other, Code.OUTPUT_TAKEN)


def test_a_header_alone_is_an_empty_output(stack: Stack) -> None:
    manifest = stack.done(stack.drop("in/header-alone.csv", HEADER))
    assert (manifest.counts.records, manifest.shards) == (0, 0)
    assert stack.output_of(manifest).count(b"\n") == 1


@pytest.mark.parametrize("shard_rows", [400, 2], ids=["one shard", "many shards"])
def test_rejects_alone_are_refused_and_kept(stack: Stack, shard_rows: int) -> None:
    row = b",Shoe,These are shoes.,,[],{},Shoes\n"
    drop = stack.drop(f"{UNWATCHED}rejects-alone-{shard_rows}.csv", HEADER + row * 9)
    stack.accept(drop, shard_rows=shard_rows)
    manifest = stack.result(drop)
    assert manifest.reason is not None
    assert (manifest.state, manifest.output, manifest.reason.code) == ("refused", None, Code.NO_USABLE_ROWS)
    assert "9 missing_value. The first is row 1: The row has no value for uniq_id." in manifest.reason.message
    assert manifest.rejects is not None
    assert stack.output.read(manifest.rejects.name) == HEADER + row * 9
    view = stack.view(drop)
    assert view is not None
    assert (view["state"], view["output"], view["rejects"]) == ("refused", None, manifest.rejects.uri)
