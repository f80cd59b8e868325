"""Drops that are compressed or in UTF-16, and drops of unusual names."""

from __future__ import annotations

import gzip
import json

import pytest

from actors.model.catalogue import Catalogue
from actors.model.drop import Drop
from actors.model.manifest import Manifest
from tests.support.stack import Stack
from tests.support.world import UNWATCHED

HEADER = b"uniq_id,product_name,description,brand,image,product_specifications,product_category_tree\r\n"
ROWS = [
    f'{number},größe 目录 👟,"These are shoes,\r\nred.",Tilia,[],{{}},Shoes\r\n'.encode() for number in range(1, 301)
]
ROWS[76] = b",no id,These are shoes.,Tilia,[],{},Shoes\r\n"
ROWS[250] = "a field too many,größe,These are shoes.,Tilia,[],{},Shoes,here\r\n".encode()
TEXT = HEADER + b"".join(ROWS)
MARKED = "\ufeff" + TEXT.decode()

PACKED = {
    "gzip": gzip.compress(TEXT),
    "gzip of many members": b"".join(gzip.compress(TEXT[at : at + 999]) for at in range(0, len(TEXT), 999)),
    "utf-16-le": MARKED.encode("utf-16-le"),
    "utf-16-be": MARKED.encode("utf-16-be"),
    "utf-16 in gzip": gzip.compress(MARKED.encode("utf-16-le")),
}


@pytest.fixture(scope="module")
def plain(stack: Stack) -> Manifest:
    drop = stack.drop(f"{UNWATCHED}packed/plain.csv", TEXT)
    stack.accept(drop)
    return stack.done(drop)


@pytest.fixture(scope="module")
def packed(stack: Stack) -> dict[str, Manifest]:
    """The catalogue's encoding is wrong for those with a mark, which goes before it."""
    drops = {}
    for name, data in PACKED.items():
        drops[name] = stack.drop(f"{UNWATCHED}packed/{name}.csv", data)
        stack.accept(drops[name], catalogue=Catalogue(encoding="cp1252" if "utf-16" in name else "utf-8"))
    return {name: stack.done(drop) for name, drop in drops.items()}


@pytest.mark.parametrize("name", PACKED)
def test_it_comes_out_as_the_plain_file_does(
    stack: Stack, plain: Manifest, packed: dict[str, Manifest], name: str
) -> None:
    assert packed[name].counts == plain.counts
    assert packed[name].shards == plain.shards == 3
    assert packed[name].source_bytes == len(PACKED[name])
    assert stack.output_of(packed[name]) == stack.output_of(plain)


@pytest.mark.parametrize("name", PACKED)
def test_its_rejects_can_be_mended_and_name_their_text(stack: Stack, packed: dict[str, Manifest], name: str) -> None:
    manifest = packed[name]
    assert manifest.rejects is not None
    assert manifest.reasons is not None
    mark = b"\xef\xbb\xbf" if "utf-16" in name else b""
    rejects = [ROWS[76].removesuffix(b"\r\n"), ROWS[250].removesuffix(b"\r\n")]
    assert stack.output.read(manifest.rejects.name) == b"\n".join([mark + HEADER.removesuffix(b"\r\n"), *rejects, b""])
    for line, raw in zip(stack.output.read(manifest.reasons.name).splitlines(), rejects, strict=True):
        reason = json.loads(line)
        text = stack.output.read(reason["offset_in"].removeprefix(f"gs://{stack.output.name}/"))
        assert text == mark + TEXT
        assert text[reason["offset"] :].startswith(raw)


NAMES = [
    "a b  c.csv", " a .csv", "größe-目录-👟.csv", "a%2Fb.csv", "a%2fb%00.csv", ".hidden.csv", ".csv", "..csv", "...csv",
    "a+b&c=d?e#f.csv", "a'b\"c,d;e.csv", "=cmd|' /C calc'!A0.csv", "{run}.csv", "a\tb.csv", "a\x1b[31mb.csv",
    "a\u2028b.csv", "[1]*.csv", "ａ.csv", "e\u0301.csv", "é.csv", "a.csv.gz", "a.csv", "CON.csv", "~.csv", "-rf.csv",
    "\\a\\b.csv", "x" * 200 + ".csv", "/".join(["d" * 190] * 5) + ".csv",
]  # fmt: skip


@pytest.fixture(scope="module")
def named(stack: Stack) -> dict[str, Drop]:
    row = HEADER + b"1,%d,These are shoes.,Tilia,[],{},Shoes\r\n"
    return {name: stack.drop(f"in/named/{name}", row % at) for at, name in enumerate(NAMES)}


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[1:21])
def test_a_drop_of_any_name_has_an_output_of_its_own(stack: Stack, named: dict[str, Drop], name: str) -> None:
    manifest = stack.done(named[name])
    assert b"1,%d,shoe," % NAMES.index(name) in stack.output_of(manifest)
    view = stack.view(named[name])
    assert view is not None
    assert view["drop"]["object"] == f"in/named/{name}"
