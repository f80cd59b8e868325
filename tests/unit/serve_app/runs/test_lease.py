from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from actors.errors import Code, DropforgeError
from actors.model.attempt import NEW, RESUMED, TAKEN_OVER
from actors.storage.bucket import Bucket
from serve_app.runs.lease import RELEASED, Holder, Lease, held, pause_s, read_holder
from tests.support.effects import afterwards, answer, lose_reply
from tests.support.proxy import Fault
from tests.support.storage_call import call
from tests.support.storage_proxy import StorageProxy

TTL_S = 30.0


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


Owners = Callable[[str], Lease]


@pytest.fixture
def lease_of(work: Bucket, prefix: str, clock: Clock) -> Owners:
    return lambda owner: Lease(work, f"{prefix}lease.json", owner, ttl_s=TTL_S, now=clock)


def holder_of(bucket: Bucket, prefix: str) -> Holder:
    found = read_holder(bucket, f"{prefix}lease.json")
    assert found is not None
    return found[0]


def test_one_owner_at_a_time(lease_of: Owners, work: Bucket, prefix: str, clock: Clock) -> None:
    assert read_holder(work, f"{prefix}lease.json") is None
    assert lease_of("one").acquire()
    assert not lease_of("two").acquire()
    assert not lease_of("one").acquire()
    assert holder_of(work, prefix) == Holder("one", clock.now + timedelta(seconds=TTL_S), 0)


@pytest.mark.parametrize(("passed_s", "taken"), [(TTL_S - 0.001, False), (TTL_S, True), (10 * TTL_S, True)])
def test_it_lapses_after_its_time(
    lease_of: Owners, work: Bucket, prefix: str, clock: Clock, passed_s: float, taken: bool
) -> None:
    lease_of("one").acquire()
    clock.pass_s(passed_s)
    two = lease_of("two")
    assert two.acquire() == (TAKEN_OVER if taken else None)
    assert holder_of(work, prefix).owner == ("two" if taken else "one")
    assert holder_of(work, prefix).takeovers == int(taken)


def test_renewed_it_does_not_lapse(lease_of: Owners, clock: Clock) -> None:
    one = lease_of("one")
    one.acquire()
    for _ in range(3):
        clock.pass_s(TTL_S - 1)
        one.renew()
    assert not lease_of("two").acquire()


def test_who_lost_it_is_told(lease_of: Owners, work: Bucket, prefix: str, clock: Clock) -> None:
    one = lease_of("one")
    one.acquire()
    clock.pass_s(TTL_S)
    lease_of("two").acquire()
    with pytest.raises(DropforgeError, match=r"one lost .*lease") as raised:
        one.renew()
    assert raised.value.code is Code.LEASE_LOST
    one.release()
    assert holder_of(work, prefix).owner == "two"


def test_renewed_late_it_is_still_its_owner_s_if_nobody_came(lease_of: Owners, clock: Clock) -> None:
    one = lease_of("one")
    one.acquire()
    clock.pass_s(2 * TTL_S)
    one.renew()
    assert not lease_of("two").acquire()


def test_released_it_is_free_at_once(lease_of: Owners, work: Bucket, prefix: str) -> None:
    one = lease_of("one")
    one.acquire()
    one.release()
    assert holder_of(work, prefix).owner == RELEASED
    assert lease_of("two").acquire()
    assert holder_of(work, prefix).owner == "two"


def test_takeovers_count_owners_that_went_silent(lease_of: Owners, work: Bucket, prefix: str, clock: Clock) -> None:
    counts = []
    for name, ending in (("one", "silent"), ("two", "silent"), ("three", "released"), ("four", "silent")):
        lease = lease_of(name)
        attempt = lease.acquire()
        assert attempt is not None
        counts.append((attempt.took_over, holder_of(work, prefix).takeovers))
        lease.renew()
        if ending == "released":
            lease.release()
        else:
            clock.pass_s(TTL_S)
    assert counts == [(False, 0), (True, 1), (True, 2), (False, 2)]


@pytest.mark.parametrize("name", ["owner {}", "one process's runs"])
@pytest.mark.parametrize("lapsed", [False, True])
def test_of_many_owners_one_gets_it(lease_of: Owners, clock: Clock, lapsed: bool, name: str) -> None:
    if lapsed:
        lease_of("before").acquire()
        clock.pass_s(TTL_S)
    owners = [lease_of(name.format(number)) for number in range(16)]
    together = threading.Barrier(len(owners))

    def acquire(owner: Lease) -> bool:
        together.wait(10)
        return owner.acquire() is not None

    with ThreadPoolExecutor(len(owners)) as threads:
        assert sum(threads.map(acquire, owners)) == 1


def test_a_lost_reply_does_not_lose_it(proxy: StorageProxy, proxied_work: Bucket, prefix: str, clock: Clock) -> None:
    lease = Lease(proxied_work, f"{prefix}lease.json", "one", ttl_s=TTL_S, now=clock)
    lost = proxy.add(Fault(call("upload"), lose_reply))
    assert lease.acquire() == RESUMED
    assert lost.hits == 1
    for _ in range(2):
        lost = proxy.add(Fault(call("upload"), lose_reply))
        lease.renew()
        assert lost.hits == 1


def test_a_new_run_s_is_taken_without_a_look(
    proxy: StorageProxy, proxied_work: Bucket, prefix: str, clock: Clock
) -> None:
    lease = Lease(proxied_work, f"{prefix}lease.json", "one", ttl_s=TTL_S, now=clock)
    assert lease.acquire(NEW) == NEW
    assert [asked.operation for asked in proxy.calls] == ["upload"]
    lease.renew()
    assert holder_of(proxied_work, prefix).owner == "one"


@pytest.mark.parametrize(("passed_s", "taken"), [(0, False), (TTL_S, True)])
def test_a_new_run_s_may_have_an_owner_already(
    lease_of: Owners, work: Bucket, prefix: str, clock: Clock, passed_s: float, taken: bool
) -> None:
    lease_of("one").acquire()
    clock.pass_s(passed_s)
    two = lease_of("two")
    assert two.acquire(NEW) == (TAKEN_OVER if taken else None)
    assert holder_of(work, prefix).owner == ("two" if taken else "one")


def test_the_first_owner_knows_that_it_is(lease_of: Owners) -> None:
    one, two = lease_of("one"), lease_of("two")
    assert one.acquire(NEW) == NEW
    one.release()
    assert two.acquire(NEW) == RESUMED


def test_retired_it_is_left_to_lapse(lease_of: Owners, work: Bucket, prefix: str) -> None:
    one = lease_of("one")
    one.acquire()
    one.retire()
    one.release()
    assert holder_of(work, prefix).owner == "one"


def short(bucket: Bucket, prefix: str, owner: str, ttl_s: float = 0.3) -> Lease:
    return Lease(bucket, f"{prefix}lease.json", owner, ttl_s=ttl_s)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # what it waits for happens in the bucket
            await asyncio.sleep(0.01)


async def test_it_is_renewed_in_the_block_and_given_back_after(work: Bucket, prefix: str) -> None:
    lease = short(work, prefix, "one")
    assert lease.acquire()
    expires_at = holder_of(work, prefix).expires_at
    async with held(lease):
        await until(lambda: holder_of(work, prefix).expires_at > expires_at + timedelta(seconds=0.3))
        assert not short(work, prefix, "two").acquire()
    assert holder_of(work, prefix).owner == RELEASED


async def test_a_block_that_fails_gives_it_back(work: Bucket, prefix: str) -> None:
    lease = short(work, prefix, "one")
    lease.acquire()
    with pytest.raises(ValueError, match="a defect"):
        async with held(lease):
            raise ValueError("a defect")
    assert holder_of(work, prefix).owner == RELEASED


async def test_the_block_ends_when_another_owner_took_over(work: Bucket, prefix: str) -> None:
    lease = short(work, prefix, "one")
    lease.acquire()
    later = Lease(work, f"{prefix}lease.json", "two", ttl_s=60, now=lambda: datetime.now(UTC) + timedelta(minutes=1))

    async def block() -> None:
        async with held(lease):
            later.acquire()
            await asyncio.sleep(30)

    with pytest.raises(DropforgeError) as raised:
        await block()
    assert raised.value.code is Code.LEASE_LOST
    assert holder_of(work, prefix).owner == "two"
    current = asyncio.current_task()
    assert current is not None
    assert not current.cancelling()


async def test_a_cancelled_block_is_cancelled_and_gives_it_back(work: Bucket, prefix: str) -> None:
    lease = short(work, prefix, "one")
    lease.acquire()
    entered = asyncio.Event()

    async def block() -> None:
        async with held(lease):
            entered.set()
            await asyncio.sleep(30)

    task = asyncio.create_task(block())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert holder_of(work, prefix).owner == RELEASED


@pytest.mark.parametrize(("taken_s", "expected"), [(0.0, 5.0), (2.0, 3.0), (5.0, 0.0), (7.0, 0.0)])
def test_a_slow_renewal_does_not_put_off_the_next(taken_s: float, expected: float) -> None:
    assert pause_s(15.0, taken_s) == expected


async def test_a_short_outage_does_not_end_the_block(proxy: StorageProxy, proxied_work: Bucket, prefix: str) -> None:
    lease = short(proxied_work, prefix, "one")
    lease.acquire()
    async with held(lease):
        away = proxy.add(Fault(call("upload"), answer(403)))
        await until(away.happened.is_set)
        expires_at = holder_of(proxied_work, prefix).expires_at
        await until(lambda: holder_of(proxied_work, prefix).expires_at > expires_at)


async def test_it_is_given_back_though_a_renewal_is_under_way(
    proxy: StorageProxy, proxied_work: Bucket, prefix: str
) -> None:
    lease = short(proxied_work, prefix, "one")
    lease.acquire()
    renewed, answered = threading.Event(), threading.Event()

    def answer_late() -> None:
        renewed.set()
        answered.wait(0.3)

    proxy.add(Fault(call("upload"), afterwards(answer_late)))
    async with held(lease):
        await asyncio.to_thread(renewed.wait, 10)
    answered.set()
    assert holder_of(proxied_work, prefix).owner == RELEASED
