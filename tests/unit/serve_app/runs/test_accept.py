"""A notification becomes a run, once."""

from __future__ import annotations

import logging

import pytest

from actors.errors import Code, DropforgeError
from actors.model.drop import Drop
from actors.model.run import Run
from serve_app.runs import ignored_uploads
from serve_app.runs.accept import Acceptance
from tests.support.core import Core


class Accepting:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.begun: list[Run] = []
        self.acceptance = Acceptance(core.settings, core.registry, core.metrics, core.tracing, self.begun.append)

    async def __call__(self, name: str = "in/a.csv", **changes: str) -> None:
        attributes = {
            "eventType": "OBJECT_FINALIZE",
            "bucketId": "dropforge-in",
            "objectId": name,
            "objectGeneration": "7",
        }
        await self.acceptance.accept(attributes | changes)


@pytest.fixture
def accepting(core: Core) -> Accepting:
    return Accepting(core)


async def test_a_notification_s_drop_is_durable_and_begun(core: Core, accepting: Accepting) -> None:
    await accepting()
    (run,) = accepting.begun
    assert run.drop == Drop("dropforge-in", "in/a.csv", 7)
    assert core.records(run).run() == run
    assert core.registry.open_run_ids() == [run.run_id]


async def test_a_duplicate_begins_nothing(core: Core, accepting: Accepting) -> None:
    for _ in range(3):
        await accepting()
    assert len(accepting.begun) == 1
    assert core.registry.open_run_ids() == [accepting.begun[0].run_id]


@pytest.mark.parametrize("changes", [{"eventType": "OBJECT_DELETE"}, {"bucketId": "another"}], ids=str)
async def test_what_is_not_watched_is_no_run(core: Core, accepting: Accepting, changes: dict[str, str]) -> None:
    await accepting(**changes)
    await accepting("elsewhere/a.csv")
    assert (accepting.begun, core.registry.open_run_ids()) == ([], [])


async def test_what_can_t_be_written_is_not_acknowledged(core: Core, accepting: Accepting) -> None:
    def fail(method: str, name: str) -> None:
        raise DropforgeError(Code.STORAGE_UNAVAILABLE, "Not now.")

    core.bucket.before = fail
    with pytest.raises(DropforgeError, match="Not now"):
        await accepting()
    assert accepting.begun == []


async def test_a_run_s_trace_is_its_notification_s(accepting: Accepting) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await accepting(traceparent=trace)
    assert accepting.begun[0].trace.split("-")[1] == trace.split("-")[1]


async def test_an_upload_that_no_pattern_matches_is_told_once(
    accepting: Accepting, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(accepting.core.metrics, "notification", counted.append)
    with caplog.at_level(logging.WARNING, "dropforge"):
        for _ in range(3):
            await accepting("in/shoes.xlsx")
        await accepting("in/shoes.xlsx", objectGeneration="8")
        await accepting("in/folder/")
    assert counted == ["not_matched", "duplicate", "duplicate", "not_matched", "not_watched"]
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
    assert caplog.messages[0].startswith("gs://dropforge-in/in/shoes.xlsx#7 starts no run: its name")
    assert "*.csv or *.csv.gz" in caplog.messages[0]
    told = accepting.acceptance.ignored.newest
    assert [upload.uri for upload in told] == [f"gs://dropforge-in/in/shoes.xlsx#{number}" for number in (8, 7)]
    assert accepting.begun == []


async def test_ignored_uploads_are_bounded(accepting: Accepting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignored_uploads, "_KNOWN", 30)
    acceptance = Accepting(accepting.core).acceptance
    for number in range(50):
        acceptance.ignored.tell(Drop("dropforge-in", f"in/{number}.xlsx", 1))
    assert [upload.uri for upload in acceptance.ignored.newest] == [
        f"gs://dropforge-in/in/{number}.xlsx#1" for number in range(49, 29, -1)
    ]
    assert acceptance.ignored.tell(Drop("dropforge-in", "in/49.xlsx", 1)) is False
    assert acceptance.ignored.tell(Drop("dropforge-in", "in/0.xlsx", 1)) is True
