"""Reconciliations that people ask for, over the whole core, without Ray and the cloud."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from actors.errors import Code, DropforgeError
from serve_app.model.reconciliation import SAMPLE, ReconciliationRequest
from serve_app.runs.lease import Lease
from tests.support.core import eventually

from .conftest import Shop


async def test_a_preview_shows_uploads_without_a_run(shop: Shop) -> None:
    shop.accepted(shop.upload("in/a.csv"))
    missed = shop.upload("in/b.csv")
    view = await shop.reconcile(dry_run=True)
    assert (view.state, view.listed, view.matching, view.missed, view.accepted) == ("done", 2, 2, 1, 0)
    (upload,) = view.sample
    assert (upload.drop, upload.run_id, upload.size) == (missed, missed.run_id, 5)
    assert shop.begun == []


async def test_they_are_accepted_like_notifications(shop: Shop) -> None:
    missed = shop.upload("in/b.csv")
    view = await shop.reconcile()
    assert (view.missed, view.accepted, view.failed) == (1, 1, 0)
    (run,) = shop.begun
    assert run.drop == missed
    assert shop.registry.open_run_ids() == [missed.run_id]
    assert (await shop.reconcile()).missed == 0


async def test_only_the_newest_generation_is_looked_at(shop: Shop) -> None:
    first = shop.upload("in/a.csv")
    shop.accepted(first)
    second = shop.upload("in/a.csv")
    await shop.reconcile()
    assert [run.drop for run in shop.begun] == [second]


async def test_what_is_no_drop_is_left_alone(shop: Shop) -> None:
    for name in ("in/a.xlsx", "in/folder/", "elsewhere/a.csv"):
        shop.upload(name)
    view = await shop.reconcile()
    assert (view.listed, view.matching, view.missed) == (2, 0, 0)
    assert shop.begun == []


async def test_prefix_age_and_limit_narrow_it(shop: Shop) -> None:
    for name in ("in/1/a.csv", "in/1/b.csv", "in/1/c.csv", "in/2/a.csv"):
        shop.upload(name)
    shop.upload("in/1/0.csv", age=timedelta(days=3))
    view = await shop.reconcile(prefix="in/1/", since_s=2 * 86_400, limit=2)
    assert (view.missed, view.accepted) == (2, 2)
    assert shop.begun_names == ["in/1/a.csv", "in/1/b.csv"]
    view = await shop.reconcile(limit=1)
    assert (view.missed, view.listed) == (1, 2), "it goes on after it has found enough"


async def test_a_prefix_that_is_not_watched_is_told(shop: Shop) -> None:
    with pytest.raises(DropforgeError, match="not below the watched prefix 'in/'") as raised:
        await shop.reconcile(prefix="out/")
    assert raised.value.code is Code.BAD_REQUEST


async def test_one_that_can_t_be_accepted_keeps_no_other(shop: Shop) -> None:
    drops = [shop.upload(f"in/{number}.csv") for number in range(3)]

    def fail(method: str, name: str) -> None:
        if method == "write" and drops[1].run_id in name:
            raise DropforgeError(Code.STORAGE_UNAVAILABLE, "Not now.")

    shop.core.bucket.before = fail
    view = await shop.reconcile()
    assert (view.state, view.missed, view.accepted, view.failed) == ("done", 3, 2, 1)
    assert shop.begun_names == ["in/0.csv", "in/2.csv"]


async def test_a_listing_that_fails_is_told(shop: Shop) -> None:
    def fail(method: str, name: str) -> None:
        raise DropforgeError(Code.STORAGE_UNAVAILABLE, "The bucket does not answer.")

    shop.source.before = fail
    view = await shop.reconcile()
    assert (view.state, view.trouble) == ("failed", "The bucket does not answer.")


async def test_only_one_runs_at_a_time(shop: Shop) -> None:
    other = Lease(shop.core.bucket, shop.registry.layout.reconciliation_lease, "another", ttl_s=20)
    other.acquire()
    with pytest.raises(DropforgeError) as raised:
        await shop.reconcile()
    assert raised.value.code is Code.RECONCILIATION_ACTIVE


async def test_one_whose_process_ended_is_interrupted(shop: Shop) -> None:
    shop.upload("in/a.csv")
    shop.under_way = 99
    started = await shop.reconciliations.start(ReconciliationRequest(dry_run=False))
    await eventually(lambda: shop.asked["stat runs"])  # it has found the upload, and waits
    await shop.reconciliations.stop()
    assert (await shop.reconciliations.view(started.reconciliation)).state == "interrupted"
    assert shop.begun == []


async def test_it_waits_while_enough_runs_are_begun(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve_app.reconciliation.acceptor._LOOK_EVERY_S", 0.001)
    shop.upload("in/a.csv")
    shop.under_way = 4
    going = asyncio.create_task(shop.reconcile())
    await eventually(lambda: shop.asked["under way"] > 2)
    assert shop.begun == []
    shop.under_way = 3
    assert (await going).accepted == 1


async def test_a_view_shows_a_few_of_many(shop: Shop) -> None:
    for number in range(SAMPLE + 5):
        shop.upload(f"in/{number:02}.csv")
    view = await shop.reconcile(dry_run=True)
    assert (view.missed, len(view.sample)) == (SAMPLE + 5, SAMPLE)
    assert view.sample[0].drop.object == "in/00.csv"


async def test_an_unknown_one_is_not_found(shop: Shop) -> None:
    with pytest.raises(DropforgeError) as raised:
        await shop.reconciliations.view("0" * 12)
    assert raised.value.code is Code.NOT_FOUND
