from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from actors.errors import Code, DropforgeError
from actors.model.plan import SourceText
from actors.model.run import Run
from actors.reading.source import Source
from actors.reading.source_text import source_text
from actors.storage.bucket import Bucket
from actors.storage.object_paths import Layout
from actors.storage.run_records import RunRecords
from tests.support.run_samples import HEADER, run_of

TEXT = HEADER + b"\n1,Gr\xc3\xb6\xc3\x9fe,d,b,[],s,c\n"
UTF_16 = ("\ufeff" + TEXT.decode()).encode("utf-16-le")
CSV = "text/csv"


@pytest.fixture
def run(prefix: str) -> Run:
    return run_of(prefix, name="a.csv.gz")


@pytest.fixture
def records(work: Bucket, prefix: str, run: Run) -> RunRecords:
    return RunRecords(work, Layout(prefix), run.run_id)


@pytest.fixture
def write(work: Bucket, run: Run, records: RunRecords) -> Callable[[bytes], SourceText]:
    def write(data: bytes) -> SourceText:
        source = Source(work, run.drop.object, work.put(run.drop.object, data, content_type="application/gzip"))
        return source_text(run, source, records, chunk_bytes=1 << 18)

    return write


def texts(records: RunRecords) -> list[str]:
    return [info.name for info in records.bucket.objects(f"{records.names.root}text/")]


@pytest.mark.parametrize(
    ("data", "text", "forms"),
    [
        (gzip.compress(TEXT), TEXT, ("gzip",)),
        (UTF_16, b"\xef\xbb\xbf" + TEXT, ("utf-16",)),
        (gzip.compress(UTF_16), b"\xef\xbb\xbf" + TEXT, ("gzip", "utf-16")),
        (gzip.compress(HEADER + b"\n" + TEXT * 50_000), HEADER + b"\n" + TEXT * 50_000, ("gzip",)),
        (gzip.compress(b"\n") + gzip.compress(TEXT), b"\n" + TEXT, ("gzip",)),
    ],
    ids=["gzip", "utf-16", "both", "megabytes", "a blank line in a member of its own"],
)
def test_the_text_is_in_the_run(
    write: Callable[[bytes], SourceText], work: Bucket, records: RunRecords, data: bytes, text: bytes, forms: tuple
) -> None:
    written = write(data)
    assert (written.forms, written.bytes) == (forms, len(text))
    assert work.read(written.object, generation=written.generation) == text
    assert records.source_text() == written


def test_it_is_written_once(write: Callable[[bytes], SourceText], records: RunRecords) -> None:
    first = write(gzip.compress(TEXT))
    assert write(gzip.compress(TEXT)) == first
    assert texts(records) == [first.object]


def test_of_attempts_at_the_same_time_one_counts(work: Bucket, run: Run, records: RunRecords) -> None:
    source = Source(work, run.drop.object, work.put(run.drop.object, UTF_16, content_type=CSV))
    together = threading.Barrier(6)

    def attempt(_: int) -> SourceText:
        together.wait(10)
        return source_text(run, source, records, chunk_bytes=1 << 18)

    with ThreadPoolExecutor(6) as threads:
        written = set(threads.map(attempt, range(6)))
    (counts,) = written
    assert records.source_text() == counts
    assert work.read(counts.object, generation=counts.generation) == b"\xef\xbb\xbf" + TEXT


DEEP = gzip.compress(gzip.compress(TEXT))


@pytest.mark.parametrize(
    ("data", "code", "told"),
    [
        (gzip.compress(b""), Code.EMPTY_FILE, "empty"),
        (DEEP, Code.NOT_A_CSV, "gzip"),
        (gzip.compress(b"PAR1" + bytes(99)), Code.NOT_A_CSV, "Parquet"),
        (gzip.compress(b"<!doctype html><p>Sign in</p>"), Code.NOT_A_CSV, "HTML"),
        (gzip.compress(b"ustar".rjust(262, b"x") + bytes(99)), Code.NOT_A_CSV, "tar"),
        (gzip.compress(TEXT.decode().encode("utf-32")), Code.UNSUPPORTED_ENCODING, "UTF-32"),
        (gzip.compress(TEXT)[:-9], Code.NOT_A_CSV, "truncated"),
        (gzip.compress(HEADER + b"\n" + bytes(20 << 20)), Code.TOO_LARGE, "expands"),
        (b"\xff\xfe", Code.EMPTY_FILE, "empty"),
        ("\ufeff{}".encode("utf-16-be"), Code.NOT_A_CSV, "JSON"),
    ],
    ids=range(10),
)
def test_what_is_no_csv_inside_is_refused_and_nothing_is_left(
    write: Callable[[bytes], SourceText], records: RunRecords, data: bytes, code: Code, told: str
) -> None:
    with pytest.raises(DropforgeError, match=told) as raised:
        write(data)
    assert raised.value.code is code
    assert records.source_text() is None
    assert texts(records) == []


def test_a_drop_that_is_gone_is_told(work: Bucket, run: Run, records: RunRecords) -> None:
    generation = work.put(run.drop.object, gzip.compress(TEXT), content_type=CSV)
    work.put(run.drop.object, b"newer", content_type=CSV)
    with pytest.raises(DropforgeError) as raised:
        source_text(run, Source(work, run.drop.object, generation), records, chunk_bytes=1 << 18)
    assert raised.value.code is Code.SOURCE_GONE
