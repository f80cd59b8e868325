"""The requests that a run is made of, each for one object, through gcloud-aio-storage.

It takes a third of the CPU time that google-cloud-storage takes for one (infra/decisions/0006). Blocking: the requests
run on an event loop in a thread of its own, which any number of threads share.
"""

from __future__ import annotations

import asyncio
import atexit
import base64
import json
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar
from urllib.request import getproxies

import aiohttp
import google_crc32c
from gcloud.aio.storage import Storage

from actors.errors import Code, DropforgeError
from actors.gcs_token import renewed
from actors.retry import RetryPolicy

from .object_info import ObjectInfo
from .request_times import RequestTimes
from .storage_errors import PreconditionFailed, meaning

T = TypeVar("T")

_SLOWEST_BYTES_PER_S = 250_000
"""A request has so much more time for what it sends."""


class ObjectClient:
    """Of one endpoint, with default credentials unless it is an emulator. `times` gets each request's.

    Every method raises what `Bucket` raises, once `retry` is used up. `timeout_s` limits each request.
    """

    def __init__(self, api_root: str, *, emulated: bool, times: RequestTimes) -> None:
        self._api_root = api_root
        self._emulated = emulated
        self._times = times
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession
        self._storage: Storage

    def write(
        self,
        bucket: str,
        name: str,
        data: bytes,
        *,
        generation: int | None,
        content_type: str,
        metadata: Mapping[str, str] | None,
        retry: RetryPolicy,
        timeout_s: float,
    ) -> int | None:
        """The generation written; None where the object does not have the `generation` of the precondition.

        Cloud Storage compares the bytes with their CRC32C.
        """
        # 9.6.5 sends this key as `contentType`, and the key `contentType` as `contenttype`, which is no field.
        about: dict[str, Any] = {"Content-Type": content_type, "crc32c": _crc32c(data)}
        if metadata:
            about["metadata"] = dict(metadata)
        parameters = {} if generation is None else {"ifGenerationMatch": str(generation)}
        limit = aiohttp.ClientTimeout(total=timeout_s + len(data) / _SLOWEST_BYTES_PER_S)

        async def upload() -> int | None:
            try:
                with _errors(f"gs://{bucket}/{name}"):
                    written = await self._timed(
                        lambda: self._storage.upload(
                            bucket,
                            name,
                            data,
                            content_type=content_type,
                            parameters={**parameters, "fields": "generation"},
                            metadata=about,
                            force_resumable_upload=False,
                            timeout=limit,  # type: ignore[arg-type]  # it is the session's, which takes both
                        ),
                        bucket,
                    )
            except PreconditionFailed:
                return None
            return int(written["generation"])

        return self._run(retry.call(upload, subject=f"Writing gs://{bucket}/{name}"))

    def read(
        self,
        bucket: str,
        name: str,
        *,
        generation: int | None,
        start: int,
        end: int | None,
        retry: RetryPolicy,
        timeout_s: float,
    ) -> bytes:
        """The bytes `[start, end)` as they are stored, of the given generation if there is one."""
        headers = {"Accept-Encoding": "gzip"}  # else Cloud Storage unpacks what is stored as gzip
        if start or end is not None:
            headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        return self._get(bucket, name, {"alt": "media"}, generation, headers, retry, timeout_s)

    def stat(
        self, bucket: str, name: str, *, generation: int | None, retry: RetryPolicy, timeout_s: float
    ) -> ObjectInfo:
        """Also raises `NOT_FOUND` where there is no such object, or no such generation of it."""
        asked = {"fields": "name,generation,size,metadata,updated"}
        found: dict[str, Any] = json.loads(self._get(bucket, name, asked, generation, {}, retry, timeout_s))
        return ObjectInfo(
            found["name"],
            int(found["generation"]),
            int(found.get("size", 0)),
            found.get("metadata") or {},
            datetime.fromisoformat(found["updated"]),
        )

    def delete(self, bucket: str, name: str, *, retry: RetryPolicy, timeout_s: float) -> None:
        """Does nothing where there is no such object."""
        limit = aiohttp.ClientTimeout(total=timeout_s)

        async def delete() -> None:
            try:
                with _errors(f"gs://{bucket}/{name}"):
                    await self._timed(
                        lambda: self._storage.delete(bucket, name, timeout=limit),  # type: ignore[arg-type]  # as above
                        bucket,
                    )
            except DropforgeError as error:
                if error.code is not Code.NOT_FOUND:
                    raise

        self._run(retry.call(delete, subject=f"Deleting gs://{bucket}/{name}"))

    def close(self) -> None:
        """Ends its connections; to be called once, and by itself at the process's end."""
        if self._loop is not None:
            with suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._session.close(), self._loop).result(1.0)

    def _get(
        self,
        bucket: str,
        name: str,
        parameters: dict[str, str],
        generation: int | None,
        headers: dict[str, str],
        retry: RetryPolicy,
        timeout_s: float,
    ) -> bytes:
        if generation is not None:
            parameters = {**parameters, "generation": str(generation)}
        limit = aiohttp.ClientTimeout(total=None, sock_connect=timeout_s, sock_read=timeout_s)

        async def get() -> bytes:
            with _errors(f"gs://{bucket}/{name}"):
                return await self._timed(
                    # No public method of 9.6.5 takes a generation.
                    lambda: self._storage._download(
                        bucket,
                        name,
                        params=parameters,
                        headers=dict(headers),
                        timeout=limit,  # type: ignore[arg-type]  # as above
                    ),
                    bucket,
                )

        return self._run(retry.call(get, subject=f"Reading gs://{bucket}/{name}"))

    async def _timed(self, request: Callable[[], Awaitable[T]], bucket: str) -> T:
        with self._times.timed(bucket):
            return await renewed(self._storage, request)

    def _run(self, request: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(request, self._started()).result()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                threading.Thread(target=loop.run_forever, name="storage", daemon=True).start()
                asyncio.run_coroutine_threadsafe(self._open(), loop).result()
                atexit.register(self.close)
                self._loop = loop
            return self._loop

    async def _open(self) -> None:
        # Without a proxy the environment says nothing, and to look into it takes as long as the rest of a request.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), trust_env=bool(getproxies().keys() - {"no"})
        )
        self._storage = Storage(
            session=self._session,  # type: ignore[arg-type]  # typed as the sync variant's session
            api_root=self._api_root,
            api_is_dev=self._emulated,
        )


@contextmanager
def _errors(uri: str) -> Iterator[None]:
    """Turns the client's exceptions into `DropforgeError`, and 412 into `PreconditionFailed`."""
    try:
        yield
    except aiohttp.ClientResponseError as error:
        raise meaning(uri, error, error.status) from error
    except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
        raise meaning(uri, error, None) from error


def _crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
