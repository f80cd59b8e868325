"""What the client of single objects sends, and what it does when its credentials are refused."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import google_crc32c
import pytest

from actors.errors import Code, DropforgeError
from actors.retry import RetryPolicy
from actors.storage.bucket import Bucket
from actors.storage.object_client import ObjectClient
from actors.storage.request_times import RequestTimes
from tests.support.storage_proxy import StorageProxy
from tests.unit.actors.images.origin import Origin, Request, http, running_origin

UPLOAD = "/upload/storage/v1/b/work/o?ifGenerationMatch=0&fields=generation&uploadType=multipart"
READ = "/storage/v1/b/work/o/x?alt=media"
DONE = http(b'{"generation": "7"}', headers={"Content-Type": "application/json"})
QUICK = RetryPolicy(attempts=3, total_s=5, first_delay_s=0, longest_delay_s=0, jitter_s=0)


@asynccontextmanager
async def client_with_tokens(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> AsyncIterator[tuple[ObjectClient, Origin]]:
    """The n-th token is `token-n`."""

    async def token(request: Request, writer: asyncio.StreamWriter) -> None:
        answer = json.dumps({"access_token": f"token-{request.number}", "expires_in": 3600}).encode()
        writer.write(http(answer, headers={"Content-Type": "application/json"}))

    async with running_origin() as server:
        server.does("/token", token)
        user = {"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "r"}
        (folder / "credentials.json").write_text(json.dumps(user | {"token_uri": server.url("/token")}))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(folder / "credentials.json"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        client = ObjectClient(server.url(""), emulated=False, times=RequestTimes())
        yield client, server
        client.close()


def write(client: ObjectClient) -> int | None:
    return client.write(
        "work", "x", b"x", generation=0, content_type="text/plain", metadata=None, retry=QUICK, timeout_s=5
    )


def read(client: ObjectClient) -> bytes:
    return client.read("work", "x", generation=None, start=0, end=None, retry=QUICK, timeout_s=5)


def tokens(server: Origin, path: str) -> list[str]:
    return [each.headers["Authorization"] for each in server.requests if each.path == path]


async def test_a_refused_token_is_renewed_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def upload(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(http(status=401) if request.headers["Authorization"] == "Bearer token-1" else DONE)

    async with client_with_tokens(monkeypatch, tmp_path) as (client, server):
        server.does(UPLOAD, upload)
        written = await asyncio.gather(*(asyncio.to_thread(write, client) for _ in range(8)))
        assert written == [7] * 8
        assert server.counts["/token"] == 2


async def test_a_new_token_that_is_refused_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(http(status=401))

    async with client_with_tokens(monkeypatch, tmp_path) as (client, server):
        server.does(READ, answer)
        with pytest.raises(DropforgeError, match="gs://work/x") as raised:
            await asyncio.to_thread(read, client)
        assert raised.value.code is Code.BAD_SETTINGS
        assert tokens(server, READ) == ["Bearer token-1", "Bearer token-2"]


def test_a_write_says_what_cloud_storage_compares(proxy: StorageProxy, proxied_work: Bucket, prefix: str) -> None:
    proxied_work.create(f"{prefix}x", b"bytes", content_type="text/csv", metadata={"made-by": "test"})
    (upload,) = proxy.asked
    resource = json.loads(upload.body.split(b"\r\n\r\n")[1].partition(b"\r\n--")[0])
    assert resource == {
        "contentType": "text/csv",
        "crc32c": base64.b64encode(google_crc32c.value(b"bytes").to_bytes(4, "big")).decode(),
        "metadata": {"made-by": "test"},
        "name": f"{prefix}x",
    }


def test_what_is_stored_as_gzip_is_not_unpacked(proxy: StorageProxy, proxied_work: Bucket, prefix: str) -> None:
    proxied_work.create(f"{prefix}x", b"bytes", content_type="text/csv")
    assert proxied_work.read(f"{prefix}x", start=1, end=4) == b"yte"
    asked = {name.lower(): value for name, value in proxy.asked[-1].headers}
    assert (asked["accept-encoding"], asked["range"]) == ("gzip", "bytes=1-3")
