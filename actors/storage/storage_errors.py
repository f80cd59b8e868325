"""What a failed request to Cloud Storage means, whichever of the two clients has sent it."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

from actors.errors import Code, DropforgeError


class PreconditionFailed(Exception):
    """The object does not have the generation of the precondition."""


@dataclass(frozen=True, slots=True)
class StorageErrors:
    """Turns the exceptions of both clients into `DropforgeError`, and 412 into `PreconditionFailed`."""

    uri: str

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        status: int | None
        if isinstance(error, InvalidResponse):
            status = error.response.status_code
        elif isinstance(error, aiohttp.ClientResponseError):
            status = error.status
        else:
            status = error.code if isinstance(error, api.GoogleAPICallError) else None
        if status == 412:
            raise PreconditionFailed(self.uri) from error
        if status == 404:
            raise DropforgeError(Code.NOT_FOUND, f"{self.uri} does not exist.") from error
        if status in (408, 429) or (status is not None and status >= 500) or isinstance(error, _UNREACHABLE):
            raise DropforgeError(
                Code.STORAGE_UNAVAILABLE, f"A request to Cloud Storage for {self.uri} failed: {_short(error)}"
            ) from error
        if isinstance(error, _REFUSED):
            raise DropforgeError(
                Code.BAD_SETTINGS,
                f"Cloud Storage refused a request for {self.uri}: {_short(error)}. Check the permissions of the "
                "application's service account.",
            ) from error


_REFUSED = (api.GoogleAPICallError, InvalidResponse, auth.GoogleAuthError, aiohttp.ClientResponseError)
_UNREACHABLE = (
    api.RetryError,
    auth.TransportError,
    requests.RequestException,
    DataCorruption,
    aiohttp.ClientConnectionError,
    aiohttp.ClientPayloadError,
    ConnectionError,
    TimeoutError,
)


def _short(error: BaseException) -> str:
    return f"{type(error).__name__} {str(error)[:300]}"
