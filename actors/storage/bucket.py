"""Objects of one bucket, through google-cloud-storage, and single ones through `ObjectClient`.

Blocking: call it from a thread. The correctness of a run rests on generation preconditions, so each method states its
own. After a lost reply, a write that succeeded is told from a lost race by reading the object back.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote
from weakref import WeakKeyDictionary

from google.api_core.retry import Retry
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from actors.errors import Code, DropforgeError
from actors.retry import RetryPolicy

from .object_info import ListedObject, ObjectInfo
from .request_times import RequestTimes, TimedAdapter
from .storage_errors import PreconditionFailed, StorageErrors

if TYPE_CHECKING:
    from .object_client import ObjectClient

COMPOSE_LIMIT = 32
"""Maximum number of source objects in a compose request ("Composite objects", Cloud Storage documentation)."""

_GOOGLE = "https://storage.googleapis.com"
_BROWSER_DOWNLOADS = "https://storage.cloud.google.com"
"""Has the browser sign in with Google ("Cookie-based authentication", Cloud Storage documentation)."""

_UPLOAD_CHUNK_BYTES = 8 << 20
"""A multiple of 256 KiB, as chunks of a resumable upload must be ("Resumable uploads", Cloud Storage documentation)."""

_LISTING_S = 120.0
"""For one request of a long listing: a local store, which has no index, looks at all its files first."""

_EMULATOR = "STORAGE_EMULATOR_HOST"
_NO_BUCKET_METADATA = "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"
"""Without it google-cloud-storage 3.17.1 gets the bucket for spans that nobody writes: at the first request, and in a
thread of its own after each 404."""


@dataclass(slots=True)
class _Shared:
    """What the buckets of one client share. `single` is made when the first object is asked for."""

    emulated: bool
    times: RequestTimes
    single: ObjectClient | None = None


_SHARED: WeakKeyDictionary[storage.Client, _Shared] = WeakKeyDictionary()
_connecting = threading.Lock()

CONNECTIONS = 32
"""Connections of one client. This many threads can use it without waiting for one."""


def connect(project: str | None = None, times: RequestTimes | None = None) -> storage.Client:
    """A client with default credentials, or of the emulator at `STORAGE_EMULATOR_HOST`; `times` gets its requests'."""
    os.environ.setdefault(_NO_BUCKET_METADATA, "true")
    client = storage.Client(project=project)
    times = times or RequestTimes()
    _SHARED[client] = _Shared(_EMULATOR in os.environ, times)
    adapter = TimedAdapter(times, pool_connections=4, pool_maxsize=CONNECTIONS)
    for scheme in ("https://", "http://"):
        # Client has no option for the size of the pool; with the default of 10, connections would be dropped.
        client._http.mount(scheme, adapter)
    return client


class Bucket:
    """One bucket. `timeout_s` limits each request; transient failures are retried for `retry_s` seconds.

    Every method raises:
        STORAGE_UNAVAILABLE: Cloud Storage failed until the retries were used up.
        NOT_FOUND: the bucket, or the object that the method needs, does not exist.
        BAD_SETTINGS: a failure that a retry can't solve, such as a missing permission.
    """

    def __init__(self, client: storage.Client, name: str, *, retry_s: float = 20.0, timeout_s: float = 20.0) -> None:
        self.name = name
        self._bucket = client.bucket(name)
        self._client = client
        self._retry: Retry = DEFAULT_RETRY.with_timeout(retry_s).with_delay(initial=0.1, maximum=5.0)
        self._timeout = timeout_s
        self._shared = _SHARED.get(client) or _SHARED.setdefault(
            client, _Shared(_EMULATOR in os.environ, RequestTimes())
        )
        self._object_retry = RetryPolicy(
            attempts=1000, total_s=retry_s, first_delay_s=0.1, longest_delay_s=5.0, jitter_s=0.1
        )

    def read(self, name: str, *, generation: int | None = None, start: int = 0, end: int | None = None) -> bytes:
        """The bytes `[start, end)` of an object, of the given generation if there is one.

        Raises `NOT_FOUND` when the object, or that generation of it, does not exist.
        """
        if end is not None and end <= start:
            return b""
        return self._single.read(
            self.name,
            name,
            generation=generation,
            start=start,
            end=end,
            retry=self._object_retry,
            timeout_s=self._timeout,
        )

    def read_if_present(self, name: str) -> tuple[bytes, int] | None:
        """An object's bytes and their generation; None if there is no such object."""
        for _ in range(3):
            info = self.stat(name)
            if info is None:
                return None
            try:
                return self.read(name, generation=info.generation), info.generation
            except DropforgeError as error:
                if error.code is not Code.NOT_FOUND:  # else it was replaced between the two calls: try again
                    raise
        raise DropforgeError(
            Code.STORAGE_UNAVAILABLE,
            f"Could not read gs://{self.name}/{name}: it was replaced during each attempt.",
        )

    def stat(self, name: str, *, generation: int | None = None) -> ObjectInfo | None:
        """An object, or the given generation of it; None if it does not exist."""
        try:
            return self._single.stat(
                self.name, name, generation=generation, retry=self._object_retry, timeout_s=self._timeout
            )
        except DropforgeError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise

    def create(
        self, name: str, data: bytes, *, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> int | None:
        """Writes an object only if none of this name exists. Returns its generation, or None if one existed.

        The result can also be None after the object was written: when the reply was lost, and the client's retry found
        the object that the first request had written.
        """
        return self.write_over(name, data, generation=0, content_type=content_type, metadata=metadata)

    def write_over(
        self,
        name: str,
        data: bytes,
        *,
        generation: int,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> int | None:
        """Like `create`, but writes only if the object has this `generation`; 0 means that it must not exist."""
        return self._write(name, data, generation, content_type, metadata)

    def replace(self, name: str, data: bytes, *, generation: int, content_type: str) -> int | None:
        """Compare-and-swap: writes only if the object has this `generation` (0: does not exist).

        Returns the new generation, or None if another writer came first. `data` must differ from that of any other
        writer, because a lost reply is recognised by reading the same bytes back.
        """
        written = self._write(name, data, generation, content_type, None)
        if written is None:
            found = self.read_if_present(name)
            if found is not None and found[0] == data:
                return found[1]
        return written

    def put(self, name: str, data: bytes, *, content_type: str) -> int:
        """Writes an object unconditionally and returns its generation. Only for names without a second writer."""
        generation = self._write(name, data, None, content_type, None)
        assert generation is not None
        return generation

    def upload(self, name: str, blocks: Iterable[bytes], *, content_type: str) -> ObjectInfo:
        """Writes an object of any size from consecutive blocks, and holds one chunk of it in memory.

        Only for names without a second writer. When `blocks` raises, the upload ends without an object.
        """
        blob = self._bucket.blob(name)
        size = 0
        with (
            self._errors(name),
            blob.open(
                "wb",
                chunk_size=_UPLOAD_CHUNK_BYTES,
                content_type=content_type,
                retry=self._retry,
                timeout=self._timeout,
            ) as writer,
        ):
            for block in blocks:
                writer.write(block)
                size += len(block)
        info = self.stat(name)
        if info is None or info.size != size:
            raise DropforgeError(
                Code.STORAGE_UNAVAILABLE,
                f"gs://{self.name}/{name} was uploaded with {size} bytes, but has {info.size if info else 0}.",
            )
        return info

    def upload_session(self, name: str, *, content_type: str, size: int, origin: str) -> str:
        """The URL of a resumable upload session, to which a page of `origin` can PUT the object's `size` bytes.

        It needs no credentials, is good for this one object, and expires after a week ("Resumable uploads", Cloud
        Storage documentation).
        """
        with self._errors(name):
            return str(
                self._bucket.blob(name).create_resumable_upload_session(
                    content_type=content_type, size=size, origin=origin, timeout=self._timeout, retry=self._retry
                )
            )

    def link(self, name: str) -> str:
        """The URL at which a person can open the object in a browser, with that person's permissions."""
        blob = self._bucket.blob(name)
        if self._client.api_endpoint == _GOOGLE:
            return f"{_BROWSER_DOWNLOADS}/{self.name}/{quote(name)}"
        return str(blob.public_url)

    def objects(self, prefix: str, *, limit: int | None = None) -> Iterator[ObjectInfo]:
        """Objects whose names start with the prefix, in name order; the first `limit` of them if it is given."""
        with self._errors(prefix):
            blobs = self._client.list_blobs(
                self._bucket,
                prefix=prefix,
                max_results=limit,
                retry=self._retry,
                timeout=self._timeout,
            )
            yield from (_info(blob) for blob in blobs)

    def pages(self, prefix: str) -> Iterator[list[ListedObject]]:
        """Every object whose name starts with the prefix, in name order, its newest generation, a request at a time.

        Cloud Storage puts up to 1,000 objects in a page ("Objects: list", Cloud Storage JSON API); the size of a page
        is left to the server. Only what `ListedObject` has is asked for, and no other object is made of it.
        """
        with self._errors(prefix):
            listing = self._client.list_blobs(
                self._bucket,
                prefix=prefix,
                fields="items(name,generation,size,timeCreated),nextPageToken",
                retry=self._retry,
                timeout=_LISTING_S,
            )
            for page in listing.pages:
                yield [
                    ListedObject(
                        item["name"],
                        int(item["generation"]),
                        int(item.get("size", 0)),
                        datetime.fromisoformat(item["timeCreated"]),
                    )
                    for item in page.raw_page.get("items", ())
                ]

    def delete(self, name: str) -> None:
        """Deletes an object. Does nothing if it does not exist."""
        self._single.delete(self.name, name, retry=self._object_retry, timeout_s=self._timeout)

    def compose(
        self,
        name: str,
        sources: list[str],
        *,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
        generation: int | None = None,
    ) -> int | None:
        """Concatenates up to `COMPOSE_LIMIT` objects of this bucket inside Cloud Storage.

        With a `generation`, writes only if the object has it (0: does not exist). Returns the new generation, or None
        if another writer came first.
        """
        blob = self._bucket.blob(name)
        blob.content_type = content_type
        if metadata:
            blob.metadata = dict(metadata)
        try:
            with self._errors(name):
                blob.compose(
                    [self._bucket.blob(source) for source in sources],
                    if_generation_match=generation,
                    retry=self._retry,
                    timeout=self._timeout,
                )
        except PreconditionFailed:
            return None
        return int(blob.generation)

    def copy_from(
        self,
        source: Bucket,
        source_name: str,
        name: str,
        *,
        content_type: str,
        metadata: Mapping[str, str],
        generation: int,
    ) -> int | None:
        """Copies an object from another bucket inside Cloud Storage. Precondition and result are those of `compose`."""
        blob = self._bucket.blob(name)
        blob.content_type = content_type
        blob.metadata = dict(metadata)
        token: str | None = None
        try:
            with self._errors(name):
                while True:
                    token, _, _ = blob.rewrite(
                        source._bucket.blob(source_name),
                        token=token,
                        if_generation_match=generation,
                        retry=self._retry,
                        timeout=self._timeout,
                    )
                    if token is None:
                        break
        except PreconditionFailed:
            return None
        return int(blob.generation)

    def _write(
        self, name: str, data: bytes, generation: int | None, content_type: str, metadata: Mapping[str, str] | None
    ) -> int | None:
        return self._single.write(
            self.name,
            name,
            data,
            generation=generation,
            content_type=content_type,
            metadata=metadata,
            retry=self._object_retry,
            timeout_s=self._timeout,
        )

    @property
    def _single(self) -> ObjectClient:
        shared = self._shared
        with _connecting:
            if shared.single is None:
                # aiohttp takes a while to import, and a command that asks for no object has no use for it.
                from .object_client import ObjectClient

                shared.single = ObjectClient(self._client.api_endpoint, emulated=shared.emulated, times=shared.times)
            return shared.single

    def _errors(self, name: str) -> StorageErrors:
        return StorageErrors(f"gs://{self.name}/{name}")


def _info(blob: storage.Blob) -> ObjectInfo:
    return ObjectInfo(blob.name, int(blob.generation), int(blob.size or 0), dict(blob.metadata or {}), blob.updated)
