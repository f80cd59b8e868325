"""What a failed request to Cloud Storage means, whichever of the two clients has sent it."""

from __future__ import annotations

from dataclasses import dataclass

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

from actors.errors import Code, DropforgeError

_REFUSED = (api.GoogleAPICallError, InvalidResponse, auth.GoogleAuthError)
_UNREACHABLE = (
    api.RetryError,
    auth.TransportError,
    requests.RequestException,
    DataCorruption,
    ConnectionError,
    TimeoutError,
)


class PreconditionFailed(Exception):
    """The object does not have the generation of the precondition."""


@dataclass(frozen=True, slots=True)
class StorageErrors:
    """Turns the exceptions of Google's client into `DropforgeError`, and 412 into `PreconditionFailed`."""

    uri: str

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InvalidResponse):
            raise meaning(self.uri, error, error.response.status_code) from error
        if isinstance(error, _UNREACHABLE):
            raise meaning(self.uri, error, None) from error
        if isinstance(error, _REFUSED):
            raise meaning(self.uri, error, getattr(error, "code", None) or _NO_STATUS) from error


_NO_STATUS = 0
"""Of a failure that was no answer, and that a retry can't solve."""


def meaning(uri: str, error: BaseException, status: int | None) -> Exception:
    """Of an answer of this status; None: there was none, and a retry may get one."""
    if status == 412:
        return PreconditionFailed(uri)
    if status == 404:
        return DropforgeError(Code.NOT_FOUND, f"{uri} does not exist.")
    short = f"{type(error).__name__} {str(error)[:300]}"
    if status is None or status in (408, 429) or status >= 500:
        return DropforgeError(Code.STORAGE_UNAVAILABLE, f"A request to Cloud Storage for {uri} failed: {short}")
    return DropforgeError(
        Code.BAD_SETTINGS,
        f"Cloud Storage refused a request for {uri}: {short}. Check the permissions of the application's service "
        "account.",
    )
