from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from actors.text.queue import CleanedTexts, TextQueue


class Model:
    """Shouts. Its calls wait until `go` is set, and fail where a text is `bad`."""

    def __init__(self) -> None:
        self.bad = "bad"
        self.calls: list[list[str]] = []
        self.began = threading.Event()
        self.go = threading.Event()

    def __call__(self, texts: Sequence[str]) -> list[str]:
        self.calls.append(list(texts))
        self.began.set()
        assert self.go.wait(10)
        if self.bad in texts:
            raise ValueError("bad")
        return [text.upper() for text in texts]


async def queued(queue: TextQueue, model: Model, *shards: list[str]) -> list[asyncio.Task[list[str]]]:
    """The shards, all waiting while the model works on a first one."""

    async def cells(texts: list[str]) -> list[str]:
        return (await queue.clean(texts)).cells

    first = asyncio.create_task(cells(["first"]))
    assert await asyncio.to_thread(model.began.wait, 10)
    tasks = [asyncio.create_task(cells(texts)) for texts in shards]
    await asyncio.sleep(0)
    assert not first.done()
    return tasks


async def test_what_waits_shares_a_call() -> None:
    model = Model()
    tasks = await queued(TextQueue(model, call_chars=100), model, ["a", "b"], [], ["c"])
    model.go.set()
    assert await asyncio.gather(*tasks) == [["A", "B"], [], ["C"]]
    assert model.calls == [["first"], ["a", "b", "c"]]


async def test_a_call_has_no_more_than_it_may() -> None:
    model = Model()
    tasks = await queued(TextQueue(model, call_chars=4), model, ["aa"], ["bb"], ["c"], ["too long by itself"], ["d"])
    model.go.set()
    await asyncio.gather(*tasks)
    assert model.calls == [["first"], ["aa", "bb"], ["c"], ["too long by itself"], ["d"]]


async def test_one_at_fault_fails_alone() -> None:
    model = Model()
    tasks = await queued(TextQueue(model, call_chars=100), model, ["a"], ["bad"], ["b"])
    model.go.set()
    good, bad, other = await asyncio.gather(*tasks, return_exceptions=True)
    assert (good, other) == (["A"], ["B"])
    assert isinstance(bad, ValueError)


async def test_a_caller_that_leaves_takes_nobody_along() -> None:
    model = Model()
    leaves, stays = await queued(TextQueue(model, call_chars=100), model, ["a"], ["b"])
    leaves.cancel()
    model.go.set()
    assert await stays == ["B"]
    with pytest.raises(asyncio.CancelledError):
        await leaves


async def test_seconds_are_shared_by_length() -> None:
    model = Model()
    model.go.set()
    queue = TextQueue(model, call_chars=100)
    short, long = await asyncio.gather(queue.clean(["a"]), queue.clean(["aaa"]))
    assert long.seconds == pytest.approx(3 * short.seconds)


async def test_it_goes_on_after_a_pause() -> None:
    model = Model()
    model.go.set()
    queue = TextQueue(model, call_chars=100)
    assert (await queue.clean(["a"])).cells == ["A"]
    assert (await queue.clean(["b"])).cells == ["B"]


async def test_a_long_shard_is_cut_into_calls() -> None:
    model = Model()
    (task,) = await queued(TextQueue(model, call_chars=4), model, ["aa", "bb", "cccc", "d", "e"])
    model.go.set()
    assert await task == ["AA", "BB", "CCCC", "D", "E"]
    assert model.calls == [["first"], ["aa", "bb"], ["cccc"], ["d", "e"]]


async def test_what_goes_ahead_waits_for_one_call_only() -> None:
    model = Model()
    queue = TextQueue(model, call_chars=4)
    tasks = await queued(queue, model, ["aaaa", "bbbb"], ["cccc"])
    ahead = asyncio.create_task(queue.clean(["check"], ahead=True))
    await asyncio.sleep(0)
    model.go.set()
    assert (await ahead).cells == ["CHECK"]
    await asyncio.gather(*tasks)
    assert model.calls == [["first"], ["check"], ["aaaa"], ["bbbb"], ["cccc"]]


async def test_of_what_fails_or_leaves_the_rest_is_not_cleaned() -> None:
    model = Model()
    queue = TextQueue(model, call_chars=4)
    fails, leaves, stays = await queued(queue, model, ["bad!", "next", "rest"], ["left", "too"], ["d"])
    leaves.cancel()
    await asyncio.sleep(0)
    model.bad = "bad!"
    model.go.set()
    assert await stays == ["D"]
    with pytest.raises(ValueError, match="bad"):
        await fails
    assert model.calls[:2] == [["first"], ["bad!"]]
    assert model.calls[-1] == ["d"]
    assert not {"rest", "left", "too"} & {text for call in model.calls for text in call}


async def test_seconds_are_those_of_all_calls() -> None:
    model = Model()
    model.go.set()
    queue = TextQueue(model, call_chars=1)
    assert (await queue.clean(["a"] * 50)).seconds > 0
    assert len(model.calls) == 50
    assert await queue.clean([]) == CleanedTexts([], 0.0)
