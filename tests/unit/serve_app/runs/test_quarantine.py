from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from serve_app.runs.quarantine import Quarantine


class Calls:
    """Calls that stay inside a quarantine until they are told to end. `inside` lists the ones that got in."""

    def __init__(self, quarantine: Quarantine) -> None:
        self.inside: list[str] = []
        self._quarantine = quarantine
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, name: str, *, suspect: bool = False) -> None:
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._stay(name, suspect=suspect))
        await settle()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self._tasks[name]
        await settle()

    async def cancel(self, name: str) -> None:
        self._tasks[name].cancel()
        await asyncio.wait({self._tasks[name]})
        await settle()

    async def _stay(self, name: str, *, suspect: bool) -> None:
        async with self._quarantine.admit(suspect=suspect):
            self.inside.append(name)
            try:
                await self._ends[name].wait()
            finally:
                self.inside.remove(name)


async def settle() -> None:
    """Lets every task that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def calls() -> Calls:
    return Calls(Quarantine())


async def test_others_go_side_by_side(calls: Calls) -> None:
    for name in ("a", "b", "c"):
        await calls.begin(name)
    assert calls.inside == ["a", "b", "c"]


async def test_a_suspect_is_alone(calls: Calls) -> None:
    await calls.begin("a")
    await calls.begin("suspect", suspect=True)
    assert calls.inside == ["a"]
    await calls.end("a")
    assert calls.inside == ["suspect"]
    await calls.begin("b")
    assert calls.inside == ["suspect"]
    await calls.end("suspect")
    assert calls.inside == ["b"]


async def test_a_waiting_suspect_gets_its_turn(calls: Calls) -> None:
    await calls.begin("a")
    await calls.begin("suspect", suspect=True)
    await calls.begin("b")
    await calls.end("a")
    assert calls.inside == ["suspect"]


async def test_suspects_are_not_in_each_other_s_company(calls: Calls) -> None:
    await calls.begin("one", suspect=True)
    await calls.begin("two", suspect=True)
    assert calls.inside == ["one"]
    await calls.end("one")
    assert calls.inside == ["two"]
    await calls.end("two")
    await calls.begin("a")
    assert calls.inside == ["a"]


@pytest.mark.parametrize("waiting", [True, False])
async def test_a_suspect_that_is_cancelled_lets_the_others_go_on(calls: Calls, waiting: bool) -> None:
    if waiting:
        await calls.begin("a")
    await calls.begin("suspect", suspect=True)
    await calls.begin("b")
    await calls.cancel("suspect")
    assert calls.inside == (["a", "b"] if waiting else ["b"])


async def test_a_call_that_fails_lets_the_others_go_on() -> None:
    quarantine = Quarantine()
    with pytest.raises(ValueError, match="a defect"):
        async with quarantine.admit(suspect=True):
            raise ValueError("a defect")

    @asynccontextmanager
    async def at_once() -> AsyncIterator[None]:
        async with asyncio.timeout(5), quarantine.admit(suspect=False):
            yield

    async with at_once(), at_once():
        pass
