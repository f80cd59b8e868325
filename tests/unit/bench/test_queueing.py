from __future__ import annotations

import math
from functools import partial

import pytest

from tests.bench.queueing import Clock, RampingRate, Servers


def test_jobs_wait_for_a_free_server_in_their_order() -> None:
    clock = Clock()
    ended: list[tuple[str, float]] = []

    def end(name: str) -> None:
        ended.append((name, clock.now))

    servers = Servers(clock, 2)
    for name, seconds in (("a", 3.0), ("b", 1.0), ("c", 1.0), ("d", 1.0)):
        servers.work(seconds, partial(end, name))
    clock.run()

    assert ended == [("b", 1.0), ("c", 2.0), ("a", 3.0), ("d", 3.0)]
    assert servers.busy_s == 6.0


def test_servers_of_one_machine_share_its_cores() -> None:
    clock, ended = Clock(), []
    cores = Servers(clock, 1)
    one, other = Servers(clock, 4, on=cores), Servers(clock, 1, on=cores)
    for servers in (one, one, other, other):
        servers.work(1.0, lambda: ended.append(clock.now))
    clock.run()

    assert ended == [1.0, 2.0, 3.0, 4.0]


def test_a_rate_that_doubles() -> None:
    clock, ended = Clock(), []
    rate = RampingRate(clock, per_s=10, doubles_every_s=100)
    for _ in range(100):
        rate.admit(100, lambda: ended.append(clock.now))
    clock.run()

    # 10,000 = the integral of 10 * 2 ** (t / 100)
    assert ended[-1] == pytest.approx(100 * math.log2(1 + 10_000 * math.log(2) / 1000))
    assert ended == sorted(ended)


def test_a_rate_that_nobody_used_is_not_saved_up() -> None:
    clock, ended = Clock(), []
    rate = RampingRate(clock, per_s=10, doubles_every_s=1e9)
    clock.after(1000, lambda: rate.admit(100, lambda: ended.append(clock.now)))
    clock.run()

    assert ended == [pytest.approx(1010)]
