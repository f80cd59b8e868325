from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.million import faults as module
from tests.million.faults import HOST, Faults, Planned
from tests.million.request_log import IMAGE
from tests.million.samples import Sample
from tests.million.stack import Stack

PLAN = (Planned(0.2, "Cleaner"), Planned(0.2, HOST), Planned(0.5, "Writer"))


class Struck(Faults):
    """Kills nothing."""

    def _strike(self, target: str) -> None:
        if target == HOST:
            super()._strike(target)


@pytest.fixture
def stack() -> Stack:
    fetches = SimpleNamespace(total=300, different=300, down=False)
    requests = SimpleNamespace(look=lambda: None, by_kind=Counter({IMAGE: 280}))
    return cast(Stack, SimpleNamespace(fetches=fetches, requests=requests))


def at(rows: int, at_s: float = 0.0) -> Sample:
    return Sample(at_s, rows, 0, 0, 0)


def struck(stack: Stack, path: Path) -> Struck:
    return Struck(stack, 1000, path, PLAN)


def nothing(_: Any) -> None:
    """Nobody listens."""


def test_a_fault_waits_for_its_share_of_the_rows(stack: Stack, tmp_path: Path) -> None:
    faults = struck(stack, tmp_path / "struck")
    faults.look(at(199), nothing)
    assert faults.struck == []
    faults.look(at(200), nothing)
    assert [each.target for each in faults.struck] == ["Cleaner"]
    assert faults.struck[0].in_flight == 20


def test_a_fault_waits_until_the_last_one_is_got_over(stack: Stack, tmp_path: Path) -> None:
    faults = struck(stack, tmp_path / "struck")
    faults.look(at(200, 1.0), nothing)
    faults.look(at(200, 5.0), nothing)
    assert len(faults.struck) == 1
    faults.look(at(210, 8.0), nothing)
    assert faults.struck[0].still_s == 7.0
    assert [each.target for each in faults.struck] == ["Cleaner", HOST]


def test_the_image_host_comes_back(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OUTAGE_S", 0.0)
    faults = struck(stack, tmp_path / "struck")
    faults.look(at(200), nothing)
    faults.look(at(210), nothing)
    assert stack.fetches.down
    faults.look(at(900), nothing)
    assert not stack.fetches.down
    assert faults.struck[-1].target == "Writer"


def test_images_fetched_again_are_the_last_faults(stack: Stack, tmp_path: Path) -> None:
    faults = struck(stack, tmp_path / "struck")
    faults.look(at(200), nothing)
    cast(Any, stack.fetches).total = 307
    faults.end()
    assert faults.struck[0].twice == 7


def test_what_was_struck_is_not_struck_again(stack: Stack, tmp_path: Path) -> None:
    first = struck(stack, tmp_path / "struck")
    first.look(at(200), nothing)
    first.end()
    second = struck(stack, tmp_path / "struck")
    second.look(at(201), nothing)
    assert [each.target for each in second.struck] == ["Cleaner", HOST]


def test_a_fetcher_is_killed_with_images_in_flight(stack: Stack, tmp_path: Path) -> None:
    faults = Struck(stack, 1000, tmp_path / "struck", (Planned(0.2, "ImageFetcher"),))
    stack.requests.by_kind[IMAGE] = 300
    faults.look(at(200), nothing)
    assert faults.struck == []
    stack.requests.by_kind[IMAGE] = 299
    faults.look(at(200), nothing)
    assert faults.struck[0].in_flight == 1
