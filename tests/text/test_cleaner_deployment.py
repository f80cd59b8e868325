"""The cleaning stage with either engine, without Ray."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from types import SimpleNamespace
from typing import get_args

import pyarrow as pa
import pytest

from actors import logs
from actors.csv.header import read_header
from actors.csv.records import read_shard
from actors.deployments import cleaner as module
from actors.deployments.cleaner import Cleaner
from actors.model.catalogue import Catalogue
from actors.model.drop import Shard
from actors.model.handoff import ReadShard
from actors.reading.attribute_columns import attribute_columns
from actors.text.plain.settings import EngineName, TextSettings
from tests.support.run_samples import HEADER

WITHIN_S = 60.0


def read_of(descriptions: list[str]) -> SimpleNamespace:
    """A shard of these descriptions, as the reader hands it off."""
    data = b"".join(b"%d,n,%s,[],s,c\n" % row for row in enumerate(map(str.encode, descriptions)))
    header = read_header(HEADER.replace(b"brand,", b""), Catalogue(), ",")
    frame = read_shard(data, Shard(0, 0, len(data), 1, len(descriptions)), header, Catalogue())
    ref = asyncio.get_running_loop().create_future()
    ref.set_result(ReadShard(frame, attribute_columns(frame.rows, Catalogue())))
    return SimpleNamespace(ref=ref)


@pytest.fixture(params=get_args(EngineName))
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> EngineName:
    monkeypatch.setattr(logs, "configure", lambda project: "node")
    return request.param


async def test_a_shard_is_cleaned_and_its_engine_named(engine: EngineName, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[tuple[pa.Array, int, Mapping[str, str]]] = []

    def hand_off(result: pa.Array, *, rows: int, started: float, versions: Mapping[str, str]) -> None:
        handed.append((result, rows, versions))

    monkeypatch.setattr(module, "hand_off", hand_off)
    cleaner = Cleaner(TextSettings(engine=engine), "shop")
    await cleaner.clean(read_of(["Boxes of shirts", "Washed by hand"]))  # type: ignore[arg-type]
    ((column, rows, versions),) = handed
    assert (column.to_pylist(), rows) == (["box shirt", "wash hand"], 2)
    assert versions["text_engine"] == engine


async def test_a_health_check_waits_for_one_call_only(engine: EngineName, monkeypatch: pytest.MonkeyPatch) -> None:
    cleaner = Cleaner(TextSettings(engine=engine), "shop")
    calls: list[int] = []
    began, go = threading.Event(), threading.Event()

    def clean(texts: list[str]) -> list[str]:
        calls.append(sum(map(len, texts)))
        began.set()
        assert go.wait(WITHIN_S)
        return ["shoe" for _ in texts]

    monkeypatch.setattr(cleaner._queue, "_clean", clean)
    shard = asyncio.create_task(cleaner._queue.clean(["x" * 1000] * 2000))
    assert await asyncio.to_thread(began.wait, WITHIN_S)
    check = asyncio.create_task(cleaner.check_health())
    await asyncio.sleep(0)
    go.set()
    await check
    await shard
    assert calls[1] == len("Shoes")
    assert max(calls) < cleaner._cleaner.call_chars + 1000
