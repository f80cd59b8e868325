"""The reconciliation that the application does by itself."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from actors.errors import Code, DropforgeError
from serve_app.runs.lease import Lease
from tests.support.core import eventually

from .conftest import Shop

HOUR = timedelta(hours=1)


def look_due(shop: Shop) -> None:
    """As if the last look had been two minutes ago."""
    until = shop.looked_until()
    assert until is not None
    shop.regular._note(until - timedelta(minutes=2))
    shop.asked.clear()


async def test_an_upload_without_a_run_is_accepted(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    missed = shop.upload("in/a.csv", age=HOUR)
    with caplog.at_level(logging.WARNING, "dropforge"):
        assert await shop.regular.look() == 1
    assert [run.drop for run in shop.begun] == [missed]
    assert caplog.messages[0] == f"No notification of {missed.uri} came"
    assert caplog.messages[1].startswith(
        "Uploads of the last 24 h without a run, because no notification came: 1. With"
    )


async def test_a_young_upload_is_left_to_its_notification(shop: Shop) -> None:
    shop.upload("in/a.csv")
    assert await shop.regular.look() == 0
    shop.source.age("in/a.csv", timedelta(minutes=2))
    look_due(shop)
    assert await shop.regular.look() == 1


async def test_the_first_look_goes_a_day_back(shop: Shop) -> None:
    shop.upload("in/old.csv", age=timedelta(days=2))
    shop.upload("in/new.csv", age=20 * HOUR)
    assert await shop.regular.look() == 1
    assert shop.begun_names == ["in/new.csv"]


async def test_a_look_asks_only_for_what_is_new(shop: Shop) -> None:
    for number in range(50):
        shop.accepted(shop.upload(f"in/{number}.csv", age=HOUR))
    assert await shop.regular.look() == 0
    assert shop.asked["stat runs"] == 50
    shop.upload("in/new.csv", age=timedelta(seconds=90))
    look_due(shop)
    assert await shop.regular.look() == 1
    assert shop.asked["stat runs"] == 1
    assert shop.asked["objects closed"] == 0


async def test_looks_leave_no_time_out(shop: Shop) -> None:
    await shop.regular.look()
    first = shop.looked_until()
    assert first is not None
    look_due(shop)
    begun = shop.looked_until()
    assert begun is not None
    missed = [shop.upload(f"in/{name}.csv") for name in ("before", "at", "after")]
    for drop, moment in zip(missed, (begun - timedelta(seconds=1), begun, begun + timedelta(seconds=1)), strict=True):
        shop.source.created(drop.object, moment)
    assert await shop.regular.look() == 2
    assert shop.begun_names == ["in/after.csv", "in/at.csv"]
    assert (shop.looked_until() or first) >= first


async def test_a_failed_look_is_repeated_from_where_it_began(shop: Shop) -> None:
    drop = shop.upload("in/a.csv", age=HOUR)

    def fail(method: str, name: str) -> None:
        if method == "write" and drop.run_id in name:
            raise DropforgeError(Code.STORAGE_UNAVAILABLE, "Not now.")

    before, shop.core.bucket.before = shop.core.bucket.before, fail
    assert await shop.regular.look() == 1
    assert (shop.looked_until(), shop.begun) == (None, [])
    shop.core.bucket.before = before
    assert await shop.regular.look() == 1
    assert [run.drop for run in shop.begun] == [drop]


async def test_another_replica_s_look_counts(shop: Shop) -> None:
    assert await shop.regular.look() == 0
    shop.upload("in/a.csv", age=HOUR)
    assert await shop.regular.look() is None
    assert shop.begun == []


async def test_it_does_not_look_while_a_person_does(shop: Shop) -> None:
    Lease(shop.core.bucket, shop.registry.layout.reconciliation_lease, "a person's", ttl_s=20).acquire()
    assert await shop.regular.look() is None


async def test_it_looks_by_itself_and_only_when_set() -> None:
    shop = Shop(reconcile_every_s=3600)
    shop.upload("in/a.csv", age=HOUR)
    await shop.regular.start()
    await eventually(lambda: shop.begun)
    shop.regular.check()
    await shop.regular.stop()
    off = Shop()
    off.upload("in/a.csv", age=HOUR)
    await off.regular.start()
    assert off.regular._task is None


async def test_a_store_that_fails_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    shop = Shop(reconcile_every_s=0.001)
    shop.upload("in/a.csv", age=HOUR)
    failures = iter(range(2))

    def fail(method: str, name: str) -> None:
        if next(failures, None) is not None:
            raise DropforgeError(Code.STORAGE_UNAVAILABLE, "Not now.")

    shop.source.before = fail
    await shop.regular.start()
    await eventually(lambda: shop.begun)
    await shop.regular.stop()
    assert "Could not look for uploads without a run" in caplog.text
