from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from actors.errors import Code, DropforgeError
from actors.images.hosts import Hosts

HOST = "img.example"


@dataclass
class Clock:
    now: float = 1000.0
    readings: int = 0

    def __call__(self) -> float:
        self.readings += 1
        return self.now


@dataclass
class Bench:
    """Hosts on a clock of the test's own: down for 5 seconds after 3 failures, 2 places each."""

    wait_s: float = 0.0
    clock: Clock = field(default_factory=Clock)
    hosts: Hosts = field(init=False)

    def __post_init__(self) -> None:
        self.hosts = Hosts(per_host=2, down_after=3, down_s=5.0, wait_s=self.wait_s, clock=self.clock)

    async def visit(self, outcome: Code | None = None, *, retry_after_s: float | None = None, name: str = HOST) -> str:
        """What came of a visit that ends with `outcome`: `ok`, or a code."""
        try:
            async with self.hosts.visit(name):
                if outcome is not None:
                    raise DropforgeError(outcome, "", retry_after_s=retry_after_s)
        except DropforgeError as error:
            return str(error.code)
        return "ok"

    async def fail(self, times: int) -> None:
        for _ in range(times):
            assert await self.visit(Code.TIMEOUT) == "timeout"


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_host_is_left_alone_after_failures_in_a_row(bench: Bench) -> None:
    await bench.fail(3)
    assert await bench.visit() == "image_host_down"
    assert await bench.visit(name="other.example") == "ok"


@pytest.mark.parametrize("outcome", [None, Code.IMAGE_NOT_FOUND, Code.BLOCKED_ADDRESS])
async def test_an_answer_ends_the_row_of_failures(bench: Bench, outcome: Code | None) -> None:
    await bench.fail(2)
    await bench.visit(outcome)
    await bench.fail(2)
    assert await bench.visit() == "ok"


@pytest.mark.parametrize(
    "outcome", [Code.TIMEOUT, Code.SERVER_ERROR, Code.CONNECTION_FAILED, Code.RATE_LIMITED, Code.IMAGE_TOO_SLOW]
)
async def test_what_counts_as_a_failure_of_the_host(bench: Bench, outcome: Code) -> None:
    for _ in range(3):
        await bench.visit(outcome)
    assert await bench.visit() == "image_host_down"


async def test_the_refusal_says_when_the_host_is_tested_next(bench: Bench) -> None:
    await bench.fail(3)
    bench.clock.now += 2
    with pytest.raises(DropforgeError) as raised:
        async with bench.hosts.visit(HOST):
            pytest.fail("visited a host that is left alone")
    assert raised.value.retry_after_s == pytest.approx(3.0)


async def test_a_good_test_opens_the_host_again(bench: Bench) -> None:
    await bench.fail(3)
    bench.clock.now += 5
    assert await bench.visit() == "ok"
    await bench.fail(2)
    assert await bench.visit() == "ok"


async def test_a_bad_test_leaves_the_host_alone_again(bench: Bench) -> None:
    await bench.fail(3)
    bench.clock.now += 5
    await bench.fail(1)
    assert await bench.visit() == "image_host_down"


async def test_a_bad_test_after_a_rate_limit_rests_the_host_again(bench: Bench) -> None:
    await bench.visit(Code.RATE_LIMITED, retry_after_s=60)
    bench.clock.now += 60
    await bench.fail(1)
    assert await bench.visit() == "image_host_down"


async def test_one_request_tests_the_host_while_the_others_wait(bench: Bench) -> None:
    await bench.fail(3)
    bench.clock.now += 5
    async with bench.hosts.visit(HOST):
        assert await bench.visit() == "image_host_down"
    assert await bench.visit() == "ok"


async def test_after_a_cancelled_test_the_next_request_tests(bench: Bench) -> None:
    await bench.fail(3)
    bench.clock.now += 5
    with pytest.raises(asyncio.CancelledError):
        async with bench.hosts.visit(HOST):
            raise asyncio.CancelledError
    assert await bench.visit(Code.TIMEOUT) == "timeout"
    assert await bench.visit() == "image_host_down"


async def test_a_rate_limit_is_honoured_at_once_and_in_full(bench: Bench) -> None:
    async with bench.hosts.visit(HOST):  # its answer, which comes later, does not end the wait
        await bench.visit(Code.RATE_LIMITED, retry_after_s=60)
    bench.clock.now += 59
    assert await bench.visit() == "image_host_down"
    bench.clock.now += 1
    assert await bench.visit() == "ok"


async def test_one_busy_url_does_not_close_its_host(bench: Bench) -> None:
    await bench.visit(Code.SERVER_ERROR, retry_after_s=60)
    assert await bench.visit() == "ok"


async def test_a_later_failure_does_not_shorten_the_wait(bench: Bench) -> None:
    first, second = bench.hosts.visit(HOST), bench.hosts.visit(HOST)
    with suppress(DropforgeError):
        async with first:
            with suppress(DropforgeError):
                async with second:
                    raise DropforgeError(Code.RATE_LIMITED, "", retry_after_s=60)
            raise DropforgeError(Code.RATE_LIMITED, "", retry_after_s=1)
    bench.clock.now += 30
    assert await bench.visit() == "image_host_down"


async def test_requests_wait_for_a_host_that_comes_back() -> None:
    bench = Bench(wait_s=15)
    for _ in range(2):
        await bench.fail(3)
        readings = bench.clock.readings
        waiting = [asyncio.create_task(bench.visit()) for _ in range(5)]
        done, _ = await asyncio.wait(waiting, timeout=0.05)
        assert not done
        assert bench.clock.readings == readings + 5  # they sleep
        bench.clock.now += 5
        assert await bench.visit() == "ok"  # the test
        async with asyncio.timeout(3):  # less than down_s: they are told, and don't just try again
            assert await asyncio.gather(*waiting) == ["ok"] * 5


async def test_the_wait_counts_from_the_hosts_going_down() -> None:
    bench = Bench(wait_s=12)
    await bench.fail(3)
    for _ in range(3):
        bench.clock.now += 5
        await bench.fail(1)
    assert await bench.visit() == "image_host_down"


async def test_a_wait_that_can_not_suffice_is_not_begun() -> None:
    bench = Bench(wait_s=15)
    await bench.visit(Code.RATE_LIMITED, retry_after_s=60)
    assert await bench.visit() == "image_host_down"


async def test_waiting_ends_by_itself() -> None:
    hosts = Hosts(per_host=2, down_after=1, down_s=0.02, wait_s=0.1)
    for _ in range(2):
        with pytest.raises(DropforgeError):
            async with hosts.visit(HOST):
                raise DropforgeError(Code.TIMEOUT, "")
    async with hosts.visit(HOST):  # has waited for its turn to test
        pass


async def test_a_host_has_as_many_visitors_as_it_has_places(bench: Bench) -> None:
    leave = asyncio.Event()
    inside = 0

    async def visit() -> None:
        nonlocal inside
        async with bench.hosts.visit(HOST):
            inside += 1
            await leave.wait()
            inside -= 1

    visitors = [asyncio.create_task(visit()) for _ in range(5)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert inside == 2
    assert await bench.visit(name="other.example") == "ok"
    leave.set()
    await asyncio.gather(*visitors)


async def test_what_waits_is_refused_once_the_host_is_down(bench: Bench) -> None:
    async with bench.hosts.visit(HOST), bench.hosts.visit(HOST):
        waiting = asyncio.create_task(bench.visit())
        await asyncio.sleep(0)
        bench.hosts._hosts[HOST].down_until = bench.clock.now + 5
    assert await waiting == "image_host_down"


async def test_idle_hosts_are_forgotten_and_those_down_lately_are_not(bench: Bench) -> None:
    await bench.fail(3)
    for number in range(100):
        await bench.visit(name=f"host-{number}")
    async with bench.hosts.visit("busy.example"):
        bench.hosts.forget_idle()
        assert set(bench.hosts._hosts) == {HOST, "busy.example"}
    bench.clock.now += 3600
    bench.hosts.forget_idle()
    assert not bench.hosts._hosts


async def test_requests_begin_apart_for_each_host_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(round(seconds, 6))

    monkeypatch.setattr("actors.images.hosts.asyncio.sleep", sleep)
    clock = Clock()
    hosts = Hosts(per_host=9, requests_per_s=4, own=("*.own.example",), down_after=3, down_s=5, wait_s=0, clock=clock)

    async def visit(name: str) -> None:
        async with hosts.visit(name):
            pass

    for name in [HOST] * 4 + ["other.example", "img.own.example", "img.own.example"]:
        await visit(name)
    assert waits == [0.25, 0.5, 0.75]
    clock.now += 10  # what was not used is not saved up
    for _ in range(3):
        await visit(HOST)
    assert waits[3:] == [0.25, 0.5]


async def test_a_host_of_one_s_own_has_no_limit() -> None:
    hosts = Hosts(per_host=1, requests_per_s=0.001, own=("own.example",), down_after=3, down_s=5, wait_s=0)
    async with asyncio.timeout(5):
        async with hosts.visit("own.example"), hosts.visit("own.example"), hosts.visit("own.example"):
            pass


async def test_a_visit_cancelled_before_its_turn_frees_its_place() -> None:
    clock = Clock()
    hosts = Hosts(per_host=1, requests_per_s=0.001, down_after=3, down_s=5, wait_s=0, clock=clock)
    async with hosts.visit(HOST):
        pass
    for _ in range(2):
        waiting = asyncio.create_task(hosts.visit(HOST).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
    clock.now += 10_000  # its turn has come
    async with asyncio.timeout(5), hosts.visit(HOST):
        pass
