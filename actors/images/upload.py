"""Stores images as objects of a bucket, through gcloud-aio-storage.

A failure of Cloud Storage fails the shard, and never counts as a failure of an image.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
from gcloud.aio.storage import Storage

from actors import side_by_side
from actors.errors import Code, DropforgeError
from actors.gcs_token import renewed
from actors.retry import RetryPolicy

from .attempts import with_retries
from .names import ImageTarget, RowKey, index_of

T = TypeVar("T")

_NOTE = "dropforge-failed-urls"


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image in the bucket: its name below the folder, and the note that it was stored with."""

    name: str
    note: str


class ImageStore:
    """Writes each image once, and finds stored images. Must be created, used and closed on the same event loop.

    Uses default credentials, or the emulator at `STORAGE_EMULATOR_HOST`. `timeout_s` limits each request, and
    `at_a_time` the uploads under way.

    Every method raises:
        STORAGE_UNAVAILABLE: Cloud Storage failed until `retry` was used up.
        BAD_SETTINGS: a failure that a retry can't solve, such as a missing bucket or permission.
    """

    def __init__(self, *, retry: RetryPolicy, timeout_s: int, at_a_time: int) -> None:
        self._retry = retry
        self._uploads = asyncio.Semaphore(at_a_time)
        self._timeout_s = timeout_s
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._storage = Storage(session=self._session)  # type: ignore[arg-type]  # typed as the sync variant's session

    async def close(self) -> None:
        await self._storage.close()
        await self._session.close()

    async def create(self, target: ImageTarget, name: str, data: bytes, content_type: str, note: str = "") -> bool:
        """Stores an image, with a note in ASCII unless it is empty, for `find`.

        Returns False, and changes nothing, if an object of this name exists.
        """
        # gcloud-aio-storage 9.6.5 sends this key as `contentType`, and the key `contentType` as `contenttype`, which is
        # no field of an object.
        metadata: dict[str, Any] = {"Content-Type": content_type}
        if note:
            metadata["metadata"] = {_NOTE: note}

        async def upload() -> bool:
            try:
                # With metadata and never resumable, the upload is one multipart request, the only kind for which
                # fake-gcs-server 1.54 checks the precondition.
                async with self._uploads:
                    await self._storage.upload(
                        target.bucket,
                        target.object(name),
                        data,
                        content_type=content_type,
                        parameters={"ifGenerationMatch": "0", "fields": "generation"},
                        metadata=metadata,
                        force_resumable_upload=False,
                        timeout=self._timeout_s,
                    )
            except aiohttp.ClientResponseError as error:
                if error.status == 412:
                    return False
                raise
            return True

        return await self._call(upload, target.uri(name))

    async def stored(self, target: ImageTarget, keys: Collection[RowKey]) -> dict[RowKey, StoredImage]:
        """The stored images of rows: of each row that with the lowest index.

        Lists the folder page by page, and skips to the next row's names where a page ends between two rows'. So there
        is one request at a time, and at most one per page of the folder or per row, whichever is fewer.
        """
        by_start = {f"{key.encoded}_": key for key in keys}
        starts = sorted(by_start)
        found: dict[RowKey, tuple[int, StoredImage]] = {}
        start, token = (starts[0] if starts else None), ""
        while start is not None:
            page = await self._list(target, start, starts[-1], token)
            name = ""
            for item in page.get("items", ()):
                name = item["name"].removeprefix(target.object(""))
                key = by_start.get(name.rpartition("_")[0] + "_")
                index = index_of(name, key) if key else None
                if key is not None and index is not None:
                    image = StoredImage(name, item.get("metadata", {}).get(_NOTE, ""))
                    found[key] = min(found.get(key, (index, image)), (index, image), key=lambda each: each[0])
            token = page.get("nextPageToken", "")
            if not token:
                break
            if name and not any(name[: at + 1] in by_start for at, letter in enumerate(name) if letter == "_"):
                after = bisect_right(starts, name)
                start, token = (starts[after] if after < len(starts) else None), ""
        return {key: image for key, (_, image) in found.items()}

    async def named(self, target: ImageTarget, names: Mapping[RowKey, str]) -> dict[RowKey, StoredImage]:
        """The stored images of rows, of each by the one name that it is asked for: a request a row."""
        found = await side_by_side.all_of(self._look(target, name) for name in names.values())
        return {key: image for key, image in zip(names, found, strict=True) if image is not None}

    async def _look(self, target: ImageTarget, name: str) -> StoredImage | None:
        async def look() -> StoredImage | None:
            try:
                async with self._uploads:
                    item = await self._storage.download_metadata(
                        target.bucket, target.object(name), timeout=self._timeout_s
                    )
            except aiohttp.ClientResponseError as error:
                if error.status == 404:
                    return None
                raise
            return StoredImage(name, item.get("metadata", {}).get(_NOTE, ""))

        return await self._call(look, target.uri(name))

    async def _list(self, target: ImageTarget, first: str, last: str, token: str) -> dict[str, Any]:
        """A page of the objects from those whose names start with `first` to those with `last`, which ends in `_`."""
        parameters = (
            {
                "prefix": target.object(""),  # fake-gcs-server 1.54 opens every object of the bucket that it allows
                "startOffset": target.object(first),
                "endOffset": target.object(last[:-1] + chr(ord("_") + 1)),
                "fields": "items(name,metadata),nextPageToken",
            }
            | ({"pageToken": token} if token else {})
        )
        return await self._call(
            lambda: self._storage.list_objects(target.bucket, params=parameters, timeout=self._timeout_s),
            f"gs://{target.bucket}/{target.object('*')}",
        )

    async def _call(self, request: Callable[[], Awaitable[T]], uri: str) -> T:
        async def once() -> T:
            try:
                return await renewed(self._storage, request)
            except (aiohttp.ClientError, OSError) as error:
                status = error.status if isinstance(error, aiohttp.ClientResponseError) else None
                why = f"{type(error).__name__} {str(error)[:300]}"
                if status is None or status in (408, 429) or status >= 500:
                    raise DropforgeError(
                        Code.STORAGE_UNAVAILABLE, f"A request to Cloud Storage for {uri} failed: {why}"
                    ) from error
                raise DropforgeError(
                    Code.BAD_SETTINGS,
                    f"Cloud Storage refused a request for {uri}: {why}. Check that the bucket exists, and that the "
                    "image fetcher's service account can create and list objects in it.",
                ) from error

        return await with_retries(self._retry, once, subject=uri)
