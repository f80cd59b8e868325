"""Reading a run's output for a person."""

from __future__ import annotations

import csv
import io

import pytest
from google.cloud import storage

from actors.storage.bucket import Bucket
from serve_app.cli.screen import output
from serve_app.cli.screen.complaint import Complaint
from serve_app.cli.screen.output import Output, first_rows, open_text, read_output
from tests.support.effects import answer
from tests.support.proxy import Fault
from tests.support.storage_call import call
from tests.support.storage_proxy import StorageProxy

PROJECT = "dropforge-test"
HEADER = ["uniq_id", "description", "c0_name"]
AWKWARD = [["007", "NA", ""], ["1e5", 'a "b",\n\nc', "\r\n"], ["", "null", "ün 鞋"]]


@pytest.fixture(autouse=True)
def _storage(monkeypatch: pytest.MonkeyPatch, proxy: StorageProxy) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def stored(out: Bucket, name: str, rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *rows])
    out.put(name, text.getvalue().encode(), content_type="text/csv")
    return f"gs://out/{name}"


def records(rows: list[list[str]]) -> list[dict[str, str]]:
    return [dict(zip(HEADER, row, strict=True)) for row in rows]


@pytest.mark.parametrize("block_rows", [1, 2, 3, 100])
def test_cells_stay_text_whatever_the_block(
    out: Bucket, prefix: str, monkeypatch: pytest.MonkeyPatch, block_rows: int
) -> None:
    monkeypatch.setattr(output, "_BLOCK_ROWS", block_rows)
    uri = stored(out, f"{prefix}a.csv", AWKWARD)
    assert read_output(PROJECT, uri, first=1) == Output(3, records(AWKWARD[:1]))
    assert first_rows(PROJECT, uri, block_rows) == records(AWKWARD[:block_rows])


def test_an_output_without_rows_has_none(out: Bucket, prefix: str) -> None:
    uri = stored(out, f"{prefix}a.csv", [])
    assert read_output(PROJECT, uri, first=5) == Output(0, [])
    assert first_rows(PROJECT, uri, 5) == []


def test_first_rows_read_only_the_start(
    out: Bucket, prefix: str, proxy: StorageProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_READ_BYTES", 1 << 20)
    uri = stored(out, f"{prefix}a.csv", [[str(number), "x" * 1000, ""] for number in range(4000)])
    assert [row["uniq_id"] for row in first_rows(PROJECT, uri, 2)] == ["0", "1"]
    assert _reads(proxy) == 1
    assert read_output(PROJECT, uri, first=1).rows == 4000
    assert _reads(proxy) >= 1 + 4


def test_a_generation_that_is_gone_is_reported(out: Bucket, prefix: str, client: storage.Client) -> None:
    uri = stored(out, f"{prefix}a.csv", AWKWARD)
    blob = client.bucket("out").get_blob(f"{prefix}a.csv")
    assert blob is not None
    assert len(first_rows(PROJECT, uri, 5, generation=blob.generation)) == 3
    with pytest.raises(Complaint, match="no longer exists: it was deleted, or a newer drop"):
        first_rows(PROJECT, uri, 5, generation=int(blob.generation) - 1)


@pytest.mark.parametrize(
    ("status", "message"), [(403, "your account has no permission"), (400, "Could not read gs://out/")]
)
def test_what_cloud_storage_refuses_is_reported(
    out: Bucket, prefix: str, proxy: StorageProxy, status: int, message: str
) -> None:
    uri = stored(out, f"{prefix}a.csv", AWKWARD)
    proxy.add(Fault(call(), answer(status), times=None))
    with pytest.raises(Complaint, match=message), open_text(PROJECT, uri) as text:
        text.read()


def _reads(proxy: StorageProxy) -> int:
    return sum(asked.operation == "read" for asked in proxy.calls)
