"""The times of requests, as a client takes them that talks to a real object store."""

from __future__ import annotations

import threading

import pytest

from actors.errors import DropforgeError
from actors.storage import request_times
from actors.storage.bucket import Bucket, connect
from actors.storage.request_times import RequestTimes, Slowest
from tests.support.deadline import wait_for
from tests.support.effects import delay, stall
from tests.support.proxy import Fault
from tests.support.storage_call import call
from tests.support.storage_proxy import StorageProxy


@pytest.fixture
def times() -> RequestTimes:
    return RequestTimes()


@pytest.fixture
def timed(proxy: StorageProxy, times: RequestTimes, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return Bucket(connect("shop", times), "work", retry_s=0.1, timeout_s=0.5)


def slowest(times: RequestTimes, name: str = "work") -> Slowest:
    found = times.slowest(name)
    assert found is not None
    return found


def test_a_listing_that_takes_long_is_seen(timed: Bucket, proxy: StorageProxy, times: RequestTimes) -> None:
    assert times.slowest("work") is None
    assert timed.stat("nothing") is None
    assert slowest(times).seconds < 0.3
    proxy.add(Fault(call("list"), delay(0.3)))
    list(timed.objects("nothing/"))
    assert 0.3 <= slowest(times).seconds < 5
    assert slowest(times).timed_out is False
    assert times.slowest("another") is None


def test_a_listing_that_times_out_is_seen(timed: Bucket, proxy: StorageProxy, times: RequestTimes) -> None:
    proxy.add(Fault(call("list"), stall(3)))
    with pytest.raises(DropforgeError):
        list(timed.objects("nothing/"))
    timed.stat("nothing")
    assert slowest(times).timed_out
    assert slowest(times).seconds >= 0.5


def test_a_request_counts_while_it_is_under_way(times: RequestTimes) -> None:
    answered = threading.Event()

    def ask() -> None:
        with times.timed("work"):
            answered.wait(10)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_for(lambda: (times.slowest("work") or Slowest(0, timed_out=False)).seconds > 0.05, within_s=10, what="its age")
    answered.set()
    asking.join()


def test_what_is_older_than_a_minute_is_forgotten(times: RequestTimes, monkeypatch: pytest.MonkeyPatch) -> None:
    with times.timed("work"):
        pass
    monkeypatch.setattr(request_times, "_KEPT_S", -1.0)
    assert times.slowest("work") is None
