"""What is told of a file before it is dropped is what a run of it finds."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

import pytest

from actors.csv.unpack import Unpacked, unpack
from actors.errors import DropforgeError
from actors.model.catalogue import Catalogue
from serve_app.cli.client.precheck import precheck
from serve_app.config.settings import Settings
from tests.fuzz.reading import HEADER, read_file, short_catalogue

ROWS = "".join(f'{row},"a\r\nb",d,b,[],s,c\r\n' for row in range(2_000))
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda data: data,
    "gzip": gzip.compress,
    "gzip, its first line a member": lambda data: gzip.compress(data[:1]) + gzip.compress(data[1:]),
    "UTF-16": lambda data: ("\ufeff" + data.decode("utf-8", "replace")).encode("utf-16-le"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\r\n{ROWS}",
        f"\n\n{HEADER}\n{ROWS}",
        f"{HEADER}\r\n{ROWS}".replace(",", ";"),
        f"\ufeff{HEADER}\n\n\n1,n,d,b,m,s,c\n",
        HEADER,
        "",
        "\n\n",
        "i,n,d\n1,2,3\n",
        f"{HEADER},i\n{ROWS}",
        "<!doctype html><p>Sign in</p>",
        '[{"i": 1}]',
    ],
    ids=range(11),
)
def test_a_file_is_refused_and_cut_as_by_a_run(tmp_path: Path, text: str, form: str) -> None:
    data = FORMS[form](text.encode())
    file = tmp_path / "shop.csv"
    file.write_bytes(data)
    settings = Settings(catalogue=short_catalogue(), shard_rows=300)
    run = read_file(data, settings.catalogue, shard_bytes=settings.shard_bytes, shard_rows=settings.shard_rows)
    if run.refusal is not None:
        with pytest.raises(DropforgeError) as caught:
            precheck(file, settings, "in/shop.csv")
        assert (caught.value.code, caught.value.message) == (run.refusal.code, run.refusal.message)
        return
    told = precheck(file, settings, "in/shop.csv")
    assert (told.size, told.records, told.shards) == (len(data), run.records, len(run.shards))
    assert run.header is not None
    assert list(told.columns.values()) == [run.header.names[at] for at in run.header.positions.values()]


def test_a_header_is_refused_before_the_rest_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "shop.csv"
    file.write_bytes(b"i,n,d\n" + b"1,2,3\n" * 1_000_000)
    sizes: list[int] = []

    def noted(block: bytes) -> bytes:
        sizes.append(len(block))
        return block

    def watched(content: BufferedReader, size: int, catalogue: Catalogue) -> Unpacked:
        found = unpack(content, size, catalogue)
        return replace(found, blocks=map(noted, found.blocks))

    monkeypatch.setattr("serve_app.cli.client.precheck.unpack", watched)
    with pytest.raises(DropforgeError, match="The header lacks"):
        precheck(file, Settings(catalogue=short_catalogue()), "in/shop.csv")
    assert sum(sizes) <= 2 << 20
