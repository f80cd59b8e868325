"""Images as objects of a bucket, through gcloud-aio-storage.

The store's failures are the shard's, never an image's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp
from gcloud.aio.storage import Storage

from actors.errors import Code, DropforgeError
from actors.retry import RetryPolicy

from .attempts import with_retries
from .names import ImageTarget, RowKey, index_of

T = TypeVar("T")


class ImageStore:
    """Writes images once, and finds the ones already written. Created, used and closed on one event loop.

    Finds credentials as Google's libraries do, or the emulator that `STORAGE_EMULATOR_HOST` names. Every method
    raises `STORAGE_UNAVAILABLE` when `retry` is used up, and `BAD_SETTINGS` on anything a retry can't mend.
    """

    def __init__(self, *, retry: RetryPolicy, timeout_s: int) -> None:
        self._retry = retry
        self._timeout_s = timeout_s
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._storage = Storage(session=self._session)  # type: ignore[arg-type]  # typed as the sync variant's session

    async def close(self) -> None:
        await self._storage.close()
        await self._session.close()

    async def create(self, target: ImageTarget, name: str, data: bytes, content_type: str) -> bool:
        """Stores an image; False where there is an object of this name already, which is then left as it is."""

        async def upload() -> bool:
            try:
                # Given metadata and never resumable, the upload is one multipart request, the only kind whose
                # precondition fake-gcs-server honours.
                await self._storage.upload(
                    target.bucket,
                    target.object(name),
                    data,
                    content_type=content_type,
                    parameters={"ifGenerationMatch": "0", "fields": "generation"},
                    metadata={"contentType": content_type},
                    force_resumable_upload=False,
                    timeout=self._timeout_s,
                )
            except aiohttp.ClientResponseError as error:
                if error.status == 412:
                    return False
                raise
            return True

        return await self._call(upload, target.uri(name))

    async def find(self, target: ImageTarget, key: RowKey) -> str | None:
        """The name, below the folder, of the image stored for a row, of the lowest index; None where there is none."""
        prefix = target.object(f"{key.encoded}_")
        found: list[tuple[int, str]] = []
        token: str | None = ""
        while token is not None:
            page = await self._list(target, prefix, token)
            for item in page.get("items", ()):
                name = item["name"].removeprefix(target.object(""))
                index = index_of(name, key)
                if index is not None:
                    found.append((index, name))
            token = page.get("nextPageToken")
        return min(found)[1] if found else None

    async def _list(self, target: ImageTarget, prefix: str, token: str) -> dict[str, Any]:
        parameters = {"prefix": prefix, "fields": "items(name),nextPageToken"} | ({"pageToken": token} if token else {})
        return await self._call(
            lambda: self._storage.list_objects(target.bucket, params=parameters, timeout=self._timeout_s),
            f"gs://{target.bucket}/{prefix}*",
        )

    async def _call(self, request: Callable[[], Awaitable[T]], uri: str) -> T:
        async def once() -> T:
            try:
                return await request()
            except (aiohttp.ClientError, OSError) as error:
                status = error.status if isinstance(error, aiohttp.ClientResponseError) else None
                why = f"{type(error).__name__} {str(error)[:300]}"
                if status is None or status in (408, 429) or status >= 500:
                    raise DropforgeError(
                        Code.STORAGE_UNAVAILABLE, f"Cloud Storage did not serve {uri}: {why}"
                    ) from error
                raise DropforgeError(
                    Code.BAD_SETTINGS,
                    f"Cloud Storage refused {uri}: {why}. Check that the bucket exists and that the service account "
                    "may create and list its objects.",
                ) from error

        return await with_retries(self._retry, once, subject=uri)
