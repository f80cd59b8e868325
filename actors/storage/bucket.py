"""Objects of one bucket, through google-cloud-storage.

Blocking: call it from a thread. Preconditions are what keeps a run correct, so they are part of each
call's contract here, and a lost reply is told apart from a lost race by reading back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import requests
from google.api_core import exceptions as api
from google.api_core.retry import Retry
from google.auth import exceptions as auth
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from actors.errors import Code, DropforgeError

COMPOSE_LIMIT = 32
"""Most sources of one compose request (Cloud Storage documentation, "Composite objects")."""

_GOOGLE = "https://storage.googleapis.com"
_BROWSER_DOWNLOADS = "https://storage.cloud.google.com"
"""Asks a browser to sign in with Google ("Cookie-based authentication", Cloud Storage documentation)."""

_UPLOAD_CHUNK_BYTES = 8 << 20  # as a resumable upload wants it, a multiple of 256 KiB

CONNECTIONS = 32
"""Requests one client may have open at a time; as many threads can use it without waiting for a connection."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """A stored object. `size` in bytes; `updated` is the server's time."""

    name: str
    generation: int
    size: int
    metadata: Mapping[str, str]
    updated: datetime | None


def connect(project: str | None = None) -> storage.Client:
    """A client with default credentials, or the emulator's that `STORAGE_EMULATOR_HOST` names."""
    client = storage.Client(project=project)
    adapter = requests.adapters.HTTPAdapter(pool_connections=4, pool_maxsize=CONNECTIONS)
    for scheme in ("https://", "http://"):
        client._http.mount(
            scheme, adapter
        )  # the pool size is no argument of Client; its default of 10 drops connections
    return client


class Bucket:
    """One bucket.

    Every method raises `DropforgeError`: `STORAGE_UNAVAILABLE` (passing) when the library's own retries,
    `retry_s` seconds long, are used up, `NOT_FOUND` where an object is needed and absent, `INTERNAL` on
    anything a retry can't mend, such as a missing permission.
    """

    def __init__(self, client: storage.Client, name: str, *, retry_s: float = 20.0, timeout_s: float = 20.0) -> None:
        self.name = name
        self._bucket = client.bucket(name)
        self._client = client
        self._retry: Retry = DEFAULT_RETRY.with_timeout(retry_s).with_delay(initial=0.1, maximum=5.0)
        self._timeout = timeout_s

    def read(self, name: str, *, generation: int | None = None, start: int = 0, end: int | None = None) -> bytes:
        """The bytes `[start, end)` of an object, of this generation if one is given.

        Raises `NOT_FOUND` where the object, or this generation of it, is gone.
        """
        if end is not None and end <= start:
            return b""
        blob = self._bucket.blob(name, generation=generation)
        with self._errors(name):
            data: bytes = blob.download_as_bytes(
                start=start or None,
                end=None if end is None else end - 1,
                raw_download=True,
                checksum=None if start or end is not None else "auto",
                retry=self._retry,
                timeout=self._timeout,
            )
        return data

    def read_if_present(self, name: str) -> tuple[bytes, int] | None:
        """An object's bytes and the generation they are of; None where there is no such object."""
        for _ in range(3):
            info = self.stat(name)
            if info is None:
                return None
            try:
                return self.read(name, generation=info.generation), info.generation
            except DropforgeError as error:
                if error.code is not Code.NOT_FOUND:  # replaced between the two calls: look again
                    raise
        raise DropforgeError(Code.STORAGE_UNAVAILABLE, f"gs://{self.name}/{name} changes faster than it can be read.")

    def stat(self, name: str, *, generation: int | None = None) -> ObjectInfo | None:
        blob = self._bucket.blob(name, generation=generation)
        try:
            with self._errors(name):
                blob.reload(retry=self._retry, timeout=self._timeout)
        except DropforgeError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise
        return _info(blob)

    def create(
        self, name: str, data: bytes, *, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> int | None:
        """Writes an object only if there is none of this name; its generation, or None where there was one.

        None may also be the answer to our own write, whose reply was lost and which the library sent again.
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
        """As `create`, but writes only over `generation`; 0 means only where there is none."""
        return self._write(name, data, generation, content_type, metadata)

    def replace(self, name: str, data: bytes, *, generation: int, content_type: str) -> int | None:
        """Compare-and-swap: writes only over `generation` (0: only where there is none); None where another won.

        `data` must be unlike any other writer's: a lost reply is recognised by reading the same bytes back.
        """
        written = self._write(name, data, generation, content_type, None)
        if written is None:
            found = self.read_if_present(name)
            if found is not None and found[0] == data:
                return found[1]
        return written

    def put(self, name: str, data: bytes, *, content_type: str) -> int:
        """Writes an object whatever is there. For names that nobody else writes."""
        generation = self._write(name, data, None, content_type, None)
        assert generation is not None
        return generation

    def upload(self, name: str, blocks: Iterable[bytes], *, content_type: str) -> ObjectInfo:
        """Writes an object of any size from its consecutive blocks; holds one chunk of it.

        For names that nobody else writes. What `blocks` raises ends the upload, and leaves no object.
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
                Code.STORAGE_UNAVAILABLE, f"gs://{self.name}/{name} has not the {size} bytes that were written to it."
            )
        return info

    def upload_session(self, name: str, *, content_type: str, size: int, origin: str) -> str:
        """A URL to which a browser's page of `origin` may PUT the object's `size` bytes, without credentials.

        It is Cloud Storage's resumable upload session: for this one object, and for a week.
        """
        with self._errors(name):
            return str(
                self._bucket.blob(name).create_resumable_upload_session(
                    content_type=content_type, size=size, origin=origin, timeout=self._timeout, retry=self._retry
                )
            )

    def link(self, name: str) -> str:
        """Where a person's browser finds the object, with the person's own permissions."""
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

    def delete(self, name: str) -> None:
        """Deletes an object; one that is not there is no error."""
        try:
            with self._errors(name):
                self._bucket.blob(name).delete(retry=self._retry, timeout=self._timeout)
        except DropforgeError as error:
            if error.code is not Code.NOT_FOUND:
                raise

    def compose(
        self,
        name: str,
        sources: list[str],
        *,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
        generation: int | None = None,
    ) -> int | None:
        """Concatenates up to `COMPOSE_LIMIT` objects of this bucket on the server's side.

        Writes only over `generation` where one is given (0: only where there is none); None where another won.
        """
        blob = self._bucket.blob(name)
        blob.content_type = content_type
        blob.metadata = dict(metadata or {})
        try:
            with self._errors(name):
                blob.compose(
                    [self._bucket.blob(source) for source in sources],
                    if_generation_match=generation,
                    retry=self._retry,
                    timeout=self._timeout,
                )
        except _PreconditionFailed:
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
        """Copies an object from another bucket on the server's side, under `compose`'s precondition."""
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
        except _PreconditionFailed:
            return None
        return int(blob.generation)

    def _write(
        self, name: str, data: bytes, generation: int | None, content_type: str, metadata: Mapping[str, str] | None
    ) -> int | None:
        blob = self._bucket.blob(name)
        blob.metadata = dict(metadata) if metadata else None
        try:
            with self._errors(name):
                blob.upload_from_string(
                    data,
                    content_type=content_type,
                    if_generation_match=generation,
                    checksum="crc32c",
                    retry=self._retry,
                    timeout=self._timeout,
                )
        except _PreconditionFailed:
            return None
        return int(blob.generation)

    def _errors(self, name: str) -> _StorageErrors:
        return _StorageErrors(f"gs://{self.name}/{name}")


class _PreconditionFailed(Exception):
    """The object's generation is not the one asked for."""


@dataclass(frozen=True, slots=True)
class _StorageErrors:
    """Turns the client's exceptions into ours."""

    uri: str

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        if isinstance(error, InvalidResponse):
            status: int | None = error.response.status_code
        else:
            status = error.code if isinstance(error, api.GoogleAPICallError) else None
        if status == 412:
            raise _PreconditionFailed(self.uri) from error
        if status == 404:
            raise DropforgeError(Code.NOT_FOUND, f"{self.uri} is not there.") from error
        if status in (408, 429) or (status is not None and status >= 500) or isinstance(error, _UNREACHABLE):
            raise DropforgeError(
                Code.STORAGE_UNAVAILABLE, f"Cloud Storage did not serve {self.uri}: {_short(error)}"
            ) from error
        if isinstance(error, (api.GoogleAPICallError, InvalidResponse, auth.GoogleAuthError)):
            raise DropforgeError(
                Code.INTERNAL,
                f"Cloud Storage refused {self.uri}: {_short(error)}. Check the service account's permissions.",
            ) from error


_UNREACHABLE = (
    api.RetryError,
    auth.TransportError,
    requests.RequestException,
    DataCorruption,
    ConnectionError,
    TimeoutError,
)


def _short(error: BaseException) -> str:
    return f"{type(error).__name__} {str(error)[:300]}"


def _info(blob: storage.Blob) -> ObjectInfo:
    return ObjectInfo(blob.name, int(blob.generation), int(blob.size or 0), dict(blob.metadata or {}), blob.updated)
