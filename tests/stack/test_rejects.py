"""Rejects are whole, however large, and can be mended and dropped again."""

from __future__ import annotations

import gzip
import json

import pytest

from actors.model.catalogue import Catalogue
from tests.support.stack import Stack
from tests.support.world import UNWATCHED

HEADER = b"uniq_id,product_name,description,brand,image,product_specifications,product_category_tree\r\n"
GOOD = b"1,Shoe,These are shoes.,Tilia,[],{},Shoes\r\n"
LARGE = b"2,Boot,These are boots. " + b"Red boots. " * 50_000 + b",Tilia,[],{},Boots"
SMALL = Catalogue(max_row_bytes=2000, max_field_bytes=1000)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_row_too_large_to_hold_can_be_dropped_again(stack: Stack, packed: bool) -> None:
    data = HEADER + GOOD + LARGE + b"\r\n" + b"3,too few\r\n" + GOOD
    name = f"{UNWATCHED}large-{packed}.csv"
    drop = stack.drop(name, gzip.compress(data) if packed else data)
    stack.accept(drop, catalogue=SMALL, fetch_images=False)
    manifest = stack.done(drop)
    assert dict(manifest.counts.rejects) == {"row_too_large": 1, "wrong_field_count": 1}
    assert manifest.rejects is not None
    assert manifest.reasons is not None
    rejects = stack.output.read(manifest.rejects.name)
    assert rejects == HEADER.replace(b"\r", b"") + LARGE + b"\n3,too few\n"
    reasons = [json.loads(line) for line in stack.output.read(manifest.reasons.name).splitlines()]
    assert [(reason["row"], reason["offset"], reason["bytes"]) for reason in reasons] == [
        (2, data.index(LARGE), len(LARGE)),
        (3, data.index(b"3,too few"), 9),
    ]
    again = stack.drop(f"{UNWATCHED}large-{packed}-mended.csv", rejects.replace(b"3,too few\n", b""))
    stack.accept(again, fetch_images=False)
    assert stack.done(again).counts.rows_out == 1


def test_rows_that_came_with_characters_lost_are_flagged(stack: Stack) -> None:
    drop = stack.drop(f"{UNWATCHED}lost.csv", HEADER + GOOD.replace(b"Shoe,", "Sh\ufffde,".encode()) + GOOD)
    stack.accept(drop, fetch_images=False)
    manifest = stack.done(drop)
    assert (manifest.counts.rows_out, manifest.counts.replaced_characters) == (2, 1)


def test_a_stray_message_is_listed_and_discarded(stack: Stack) -> None:
    stack.publish_dead_letter(b"no dead letter")
    found: list[dict] = []

    def listed() -> bool:
        entries = stack.call("GET", "/dead-letters", params={"code": "stray_message"}).json()["entries"]
        found[:] = [entry for entry in entries if "14 bytes" in entry["message"]]
        return bool(found)

    stack.until("The stray message", listed)
    selection = {"code": "stray_message"}
    preview = stack.call("POST", "/dead-letters/discard", json={"selection": selection}).json()
    assert (preview["selected"], preview["discarded"]) == (1, 0)
    answer = stack.call("POST", "/dead-letters/discard", json={"selection": selection, "dry_run": False}).json()
    assert (answer["selected"], answer["discarded"]) == (1, 1)
    stack.until("Its end", lambda: not listed())
