"""Maps failed fetches to codes: aiohttp's exceptions, and HTTP statuses."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

import aiohttp

from actors.errors import Code, DropforgeError

from .guard import BlockedAddressError
from .resolver import PERMANENT

MAX_RETRY_AFTER_S = 300.0

_STATUS_CODES = {
    401: Code.IMAGE_FORBIDDEN,
    403: Code.IMAGE_FORBIDDEN,
    404: Code.IMAGE_NOT_FOUND,
    408: Code.TIMEOUT,
    410: Code.IMAGE_NOT_FOUND,
    425: Code.SERVER_ERROR,
    429: Code.RATE_LIMITED,
    451: Code.IMAGE_FORBIDDEN,
}


def status_error(response: aiohttp.ClientResponse) -> DropforgeError:
    """The failure for an answer without an image, with the delay of its Retry-After header (RFC 9110, 10.2.3)."""
    code = _STATUS_CODES.get(response.status)
    if code is None:
        code = Code.SERVER_ERROR if 500 <= response.status < 600 else Code.IMAGE_HTTP_ERROR
    return DropforgeError(
        code,
        f"{response.url} answered with status {response.status}.",
        retry_after_s=_retry_after_s(response.headers.get("Retry-After", "")),
    )


def _retry_after_s(value: str) -> float | None:
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), MAX_RETRY_AFTER_S)
    try:
        seconds = parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


@contextmanager
def fetch_errors(url: str) -> Iterator[None]:
    """Turns every exception of a request into a `DropforgeError`; one that is already a `DropforgeError` passes."""
    try:
        yield
    except DropforgeError:
        raise
    except (aiohttp.ClientError, OSError, ValueError, RuntimeError) as error:  # uvloop raises RuntimeError for OSError
        code, why = _meaning(error)
        raise DropforgeError(code, f"{url}: {why}.") from error


def _meaning(error: Exception) -> tuple[Code, str]:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, BlockedAddressError):
        return Code.BLOCKED_ADDRESS, str(cause)
    if isinstance(cause, socket.gaierror):
        missing = cause.errno in PERMANENT
        return (Code.HOST_NOT_FOUND if missing else Code.CONNECTION_FAILED), f"its host was not resolved ({cause})"
    if isinstance(error, TimeoutError):
        return Code.TIMEOUT, "the server did not answer in time"
    if isinstance(error, aiohttp.InvalidURL):
        return Code.BAD_URL, "the URL is not valid for aiohttp"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Code.IMAGE_HTTP_ERROR, f"the server's TLS certificate is not valid ({error.certificate_error})"
    if isinstance(error, (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError, RuntimeError)):
        return Code.CONNECTION_FAILED, f"the connection failed ({type(error).__name__} {error})"
    return Code.IMAGE_HTTP_ERROR, f"the server's answer is not valid HTTP ({type(error).__name__})"
