from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from gcloud.aio.storage import Storage

from actors.errors import Code, DropforgeError
from actors.images.failed_urls import NOTE_BYTES
from actors.images.names import ImageTarget, RowKey, image_name
from actors.images.upload import ImageStore, StoredImage
from actors.retry import RetryPolicy
from tests.support.proxy import Fault, Forward, Reply, Request
from tests.support.storage_call import call
from tests.support.storage_proxy import StorageProxy

from .origin import Origin, http, running_origin
from .origin import Request as Asked

QUICK = RetryPolicy(attempts=3, total_s=5, first_delay_s=0, longest_delay_s=0, jitter_s=0)


@asynccontextmanager
async def image_store(at_a_time: int = 64) -> AsyncIterator[ImageStore]:
    store = ImageStore(retry=QUICK, timeout_s=5, at_a_time=at_a_time)
    try:
        yield store
    finally:
        await store.close()


def stored(endpoint: str, target: ImageTarget, name: str) -> tuple[bytes, str]:
    url = f"{endpoint}/storage/v1/b/{target.bucket}/o/{quote(target.object(name), safe='')}"
    with urllib.request.urlopen(url) as answer:
        content_type = json.load(answer)["contentType"]
    with urllib.request.urlopen(f"{url}?alt=media") as answer:
        return answer.read(), content_type


async def test_an_upload_names_fields_that_objects_have(
    monkeypatch: pytest.MonkeyPatch, proxy: StorageProxy, target: ImageTarget
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
    async with image_store() as store:
        await store.create(target, "a_0.webp", b"picture", "image/webp")
    (upload,) = proxy.asked
    resource = json.loads(upload.body.split(b"\r\n\r\n")[1].partition(b"\r\n--")[0])
    assert resource == {"contentType": "image/webp", "name": target.object("a_0.webp")}


@pytest.mark.parametrize(
    "row_id", ["plain-id", "a/../b", "é %41", "", "x" * 2000], ids=["plain", "dots", "escape", "none", "long"]
)
async def test_an_image_is_stored_under_its_name(gcs: str, target: ImageTarget, row_id: str) -> None:
    name = image_name(RowKey(row_id), 0, "webp")
    async with image_store() as store:
        assert await store.create(target, name, b"\x00--picture\r\n--", "image/webp")
    assert stored(gcs, target, name) == (b"\x00--picture\r\n--", "image/webp")


async def test_a_large_image_is_stored_with_its_precondition(gcs: str, target: ImageTarget) -> None:
    data = bytes(7 << 20)
    async with image_store() as store:
        assert await store.create(target, "large_0.png", data, "image/png")
        assert not await store.create(target, "large_0.png", b"other", "image/png")
    assert stored(gcs, target, "large_0.png") == (data, "image/png")


async def test_an_image_that_is_there_is_left_as_it_is(gcs: str, target: ImageTarget) -> None:
    async with image_store() as store:
        assert await store.create(target, "a_0.jpg", b"first", "image/jpeg")
        assert not await store.create(target, "a_0.jpg", b"second", "image/png")
    assert stored(gcs, target, "a_0.jpg") == (b"first", "image/jpeg")


NAMES = ["a_10.jpg", "a_2.png", "a_1_0.jpg", "ab_0.jpg", "a_b_0.jpg", "a%2Fb_3.gif", "a%row7_1.png", "a_1x_0.jpg"]
STORED = {
    RowKey("a"): "a_2.png",
    RowKey("a_1"): "a_1_0.jpg",
    RowKey("a", 7): "a%row7_1.png",
    RowKey("a/b"): "a%2Fb_3.gif",
}
ABSENT = [RowKey("a", 8), RowKey("a%2Fb"), RowKey("0"), RowKey("z"), RowKey("a_1", 7), RowKey("")]


def images(names: Mapping[RowKey, str]) -> dict[RowKey, StoredImage]:
    return {key: StoredImage(name, "") for key, name in names.items()}


async def test_the_images_of_the_lowest_index_are_found(gcs: str, target: ImageTarget) -> None:
    async with image_store() as store:
        assert await store.stored(target, STORED) == {}
        for name in NAMES:
            await store.create(target, name, b"x", "image/jpeg")
        assert await store.stored(target, [*STORED, *ABSENT]) == images(STORED)
        for key in STORED:
            assert await store.stored(target, [key]) == images({key: STORED[key]})
        assert await store.stored(target, ABSENT) == {}
        assert await store.stored(target, []) == {}
        assert await store.stored(ImageTarget(target.bucket, f"{target.folder}-other"), STORED) == {}


def paged(size: int) -> Fault:
    """Lists have pages of this many objects."""

    async def effect(request: Request, forward: Forward) -> Reply:
        return await forward(replace(request, target=f"{request.target}&maxResults={size}"))

    return Fault(call("list"), effect, times=None)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
async def test_images_are_found_page_by_page(
    monkeypatch: pytest.MonkeyPatch, proxy: StorageProxy, target: ImageTarget, size: int
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
    async with image_store() as store:
        for name in NAMES:
            await store.create(target, name, b"x", "image/jpeg")
        proxy.add(paged(size))
        proxy.asked.clear()
        assert await store.stored(target, [*STORED, *ABSENT]) == images(STORED)
    folders = {parse_qs(urlsplit(request.target).query)["prefix"][0] for request in proxy.asked}
    assert folders == {target.object("")}


async def test_pages_without_a_rows_image_are_skipped(
    monkeypatch: pytest.MonkeyPatch, proxy: StorageProxy, target: ImageTarget
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
    async with image_store() as store:
        for number in range(100, 200):
            await store.create(target, f"id{number}_0.jpg", b"x", "image/jpeg")
        proxy.add(paged(10))
        proxy.asked.clear()
        assert len(await store.stored(target, [RowKey(f"id{number}") for number in range(100, 200)])) == 100
        assert len(proxy.asked) == 10
        proxy.asked.clear()
        assert len(await store.stored(target, [RowKey(f"id{number}") for number in (105, 107, 150, 195)])) == 4
        assert len(proxy.asked) == 3


async def test_images_are_found_by_their_likely_names(
    monkeypatch: pytest.MonkeyPatch, proxy: StorageProxy, target: ImageTarget
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
    asked = {RowKey("a"): "a_0.jpg", RowKey("b/"): "b%2F_2.png", RowKey("none"): "none_0.jpg"}
    async with image_store() as store:
        await store.create(target, "a_0.jpg", b"x", "image/jpeg", "noted")
        await store.create(target, "b%2F_2.png", b"x", "image/png")
        proxy.asked.clear()
        assert await store.named(target, asked) == {
            RowKey("a"): StoredImage("a_0.jpg", "noted"),
            RowKey("b/"): StoredImage("b%2F_2.png", ""),
        }
        assert len(proxy.asked) == 3
        assert await store.named(target, {}) == {}


@pytest.mark.parametrize(
    "note",
    ["", '[["bad_url","The URL\\u0000\\u202e \\"x\\""]]', "n" * NOTE_BYTES, "\\" * (NOTE_BYTES // 2)],
    ids=["none", "escapes", "long", "backslashes"],
)
async def test_an_image_s_note_is_found_with_it(gcs: str, target: ImageTarget, note: str) -> None:
    async with image_store() as store:
        await store.create(target, "a_1.png", b"x", "image/png", note)
        assert await store.stored(target, [RowKey("a")]) == {RowKey("a"): StoredImage("a_1.png", note)}


async def test_a_missing_bucket_is_for_a_person_to_mend(gcs: str) -> None:
    async with image_store() as store:
        with pytest.raises(DropforgeError) as raised:
            await store.create(ImageTarget("no-such-bucket", "f"), "a_0.jpg", b"x", "image/jpeg")
    assert raised.value.code is Code.BAD_SETTINGS
    assert "gs://no-such-bucket/f/a_0.jpg" in raised.value.message


UPLOAD = "/upload/storage/v1/b/shop/o?ifGenerationMatch=0&fields=generation&uploadType=multipart"
TARGET = ImageTarget("shop", "f")


@asynccontextmanager
async def scripted_store(
    monkeypatch: pytest.MonkeyPatch, *answers: bytes, at_a_time: int = 64
) -> AsyncIterator[tuple[ImageStore, Origin]]:
    """A store whose server gives these answers, one after the other."""
    async with running_origin() as server:
        server.says(UPLOAD, *answers)
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url(""))
        async with image_store(at_a_time) as store:
            yield store, server


DONE = http(b"{}", headers={"Content-Type": "application/json"})


async def test_only_so_many_images_are_stored_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    together = asyncio.Barrier(3)

    async def upload(request: Asked, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(10), together:
            writer.write(DONE)

    async with scripted_store(monkeypatch, at_a_time=3) as (store, server):
        server.does(UPLOAD, upload)
        assert all(await asyncio.gather(*(store.create(TARGET, f"{at}_0.jpg", b"x", "image/jpeg") for at in range(12))))
    assert server.most_open == 3


async def test_every_failure_of_an_upload_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted_store(monkeypatch, http(status=503), http(status=403), DONE, at_a_time=1) as (store, _):
        with pytest.raises(DropforgeError):
            await store.create(TARGET, "a_0.jpg", b"x", "image/jpeg")
        async with asyncio.timeout(10):
            assert await store.create(TARGET, "b_0.jpg", b"x", "image/jpeg")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
async def test_passing_failures_are_retried(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    async with scripted_store(monkeypatch, http(status=status), http(status=status), DONE) as (store, _):
        assert await store.create(TARGET, "a_0.jpg", b"x", "image/jpeg")


async def test_a_busy_store_is_given_up_after_three_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted_store(monkeypatch, http(b"busy", status=503)) as (store, server):
        with pytest.raises(DropforgeError) as raised:
            await store.create(TARGET, "a_0.jpg", b"x", "image/jpeg")
    assert raised.value.code is Code.STORAGE_UNAVAILABLE
    assert server.counts[UPLOAD] == 3


async def test_an_upload_whose_reply_was_lost_counts_as_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted_store(monkeypatch, http(status=503), http(status=412)) as (store, _):
        assert not await store.create(TARGET, "a_0.jpg", b"x", "image/jpeg")


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_refusals_are_not_retried(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    async with scripted_store(monkeypatch, http(status=status)) as (store, server):
        with pytest.raises(DropforgeError) as raised:
            await store.create(TARGET, "a_0.jpg", b"x", "image/jpeg")
    assert raised.value.code is Code.BAD_SETTINGS
    assert server.counts[UPLOAD] == 1


@asynccontextmanager
async def store_with_tokens(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *answers: bytes
) -> AsyncIterator[tuple[ImageStore, Origin]]:
    """Like `scripted_store`, but with credentials; the n-th token is `token-n`."""

    async def token(request: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(json_answer({"access_token": f"token-{request.number}", "expires_in": 3600}))

    async with scripted_store(monkeypatch, *answers) as (store, server):
        server.does("/token", token)
        credentials = folder / "credentials.json"
        user = {"type": "authorized_user", "client_id": "i", "client_secret": "s", "refresh_token": "r"}
        credentials.write_text(json.dumps(user | {"token_uri": server.url("/token")}))
        store._storage = Storage(
            session=store._session,  # type: ignore[arg-type]
            api_root=server.url(""),
            api_is_dev=False,
            service_file=str(credentials),
        )
        yield store, server


def json_answer(value: object) -> bytes:
    return http(json.dumps(value).encode(), headers={"Content-Type": "application/json"})


def tokens(server: Origin) -> list[str]:
    return [each.headers["Authorization"] for each in server.requests if each.path == UPLOAD]


async def test_a_lapsed_token_is_renewed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with store_with_tokens(monkeypatch, tmp_path, http(status=401), DONE) as (store, server):
        assert await store.create(TARGET, "a_0.jpg", b"x", "image/jpeg")
        assert await store.create(TARGET, "b_0.jpg", b"x", "image/jpeg")
    assert tokens(server) == ["Bearer token-1", "Bearer token-2", "Bearer token-2"]


async def test_uploads_at_once_renew_a_lapsed_token_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def upload(request: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(http(status=401) if request.headers["Authorization"] == "Bearer token-1" else DONE)

    async with store_with_tokens(monkeypatch, tmp_path) as (store, server):
        server.does(UPLOAD, upload)
        assert all(await asyncio.gather(*(store.create(TARGET, f"{at}_0.jpg", b"x", "image/jpeg") for at in range(20))))
    assert server.counts["/token"] == 2


async def test_a_new_token_that_is_refused_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with store_with_tokens(monkeypatch, tmp_path, http(status=401)) as (store, server):
        with pytest.raises(DropforgeError) as raised:
            await store.create(TARGET, "a_0.jpg", b"x", "image/jpeg")
    assert raised.value.code is Code.BAD_SETTINGS
    assert tokens(server) == ["Bearer token-1", "Bearer token-2"]


async def test_a_store_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_origin() as gone:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", gone.url(""))
    async with image_store() as store:
        with pytest.raises(DropforgeError) as raised:
            await store.stored(TARGET, [RowKey("a")])
    assert raised.value.code is Code.STORAGE_UNAVAILABLE
