"""A shard through the stages."""

from __future__ import annotations

import asyncio

import pytest

from actors.errors import Code, DropforgeError
from actors.model.attempt import NEW, RESUMED
from serve_app.runs.stage_call import StageError
from tests.support.core import Core
from tests.support.fake_stages import Call, Fault
from tests.support.run_samples import run_of

START, SHARD = Core().plan.start, Core().plan.shards[1]


async def test_a_shard_is_read_once_and_written_once(core: Core) -> None:
    part = await core.pipeline(core.accepted()).part(START, SHARD, NEW)
    assert (part.shard, part.counts.rows_out) == (SHARD, 4)
    methods = [call.method for call in core.stages.calls]
    assert (methods[0], sorted(methods[1:3]), methods[3]) == ("read", ["clean", "fetch"], "write_part")


async def test_cleaning_and_fetching_go_side_by_side(core: Core) -> None:
    together = asyncio.Barrier(2)

    async def meet(call: Call) -> None:
        if call.method in ("clean", "fetch"):
            await together.wait()

    core.stages.during = meet
    await asyncio.wait_for(core.pipeline(core.accepted()).piece(START, SHARD, NEW), 5)


async def test_the_first_failure_ends_what_goes_beside_it(core: Core) -> None:
    ended = asyncio.Event()

    async def stay(call: Call) -> None:
        if call.method == "fetch":
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

    core.stages.during = stay
    core.stages.faults = [Fault("clean", DropforgeError(Code.INTERNAL, "A defect."))]
    with pytest.raises(StageError) as raised:
        await core.pipeline(core.accepted()).piece(START, SHARD, NEW)
    assert raised.value.stage == "clean"
    await asyncio.wait_for(ended.wait(), 5)


async def test_without_images_none_is_fetched(core: Core) -> None:
    piece = await core.pipeline(run_of("", fetch_images=False)).piece(START, SHARD, NEW)
    assert (piece.cleaned is not None, piece.imaged, core.stages.called("fetch")) == (True, None, [])


async def test_a_shard_without_rows_is_only_read() -> None:
    core = Core(rows=[0])
    piece = await core.pipeline(core.accepted()).piece(core.plan.start, core.plan.shards[0], NEW)
    assert (piece.cleaned, piece.imaged) == (None, None)
    assert [call.method for call in core.stages.calls] == ["read"]


async def test_images_are_looked_for_after_a_failure_alone(core: Core) -> None:
    core.stages.faults = [Fault("fetch", DropforgeError(Code.IMAGE_HOST_DOWN, "Not now."))]
    await core.pipeline(core.accepted()).part(START, SHARD, NEW)
    assert [call.attempt for call in core.stages.calls if call.method == "fetch"] == [NEW, RESUMED]


async def test_a_message_names_the_drop_the_shard_and_its_rows(core: Core) -> None:
    core.stages.faults = [Fault("read", RuntimeError("boom"))]
    with pytest.raises(StageError, match=r"gs://in/a\.csv#1 shard 1 \(rows 5 to 8\), stage read: RuntimeError: boom"):
        await core.pipeline(core.accepted()).part(START, SHARD, NEW)
