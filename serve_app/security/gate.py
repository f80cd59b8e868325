"""What every request passes before the application sees it: whether it may come in, and how much it brings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actors.errors import Code, DropforgeError
from actors.model.reason import Reason
from serve_app.model.views import ErrorView

from .access import Access
from .refusals import Refusals

MAX_BODY_BYTES = 1 << 20
"""A notification is a few kilobytes: the attributes and, base64-encoded, the object's metadata."""

_BODY_S = 10.0
_LENGTH_DIGITS = 18
_STATUS = {
    Code.BAD_REQUEST: 400,
    Code.UNAUTHENTICATED: 401,
    Code.CROSS_SITE: 403,
    Code.NOT_FOUND: 404,
    Code.TIMEOUT: 408,
    Code.REPLAY_ACTIVE: 409,
    Code.REQUEST_TOO_LARGE: 413,
    Code.CONNECTION_FAILED: 503,
    Code.STORAGE_UNAVAILABLE: 503,
}


def error_answer(error: DropforgeError, *, status: int | None = None) -> JSONResponse:
    """The API's answer to any failure of ours; its status is the code's, unless one is given."""
    # What a stranger sent may be quoted, and lone surrogates, which JSON can bring, are in no UTF-8 answer.
    message = error.message.encode("utf-8", "backslashreplace").decode()
    body = ErrorView(error=Reason(code=error.code, message=message))
    headers = {"WWW-Authenticate": "Bearer"} if error.code is Code.UNAUTHENTICATED else None
    return JSONResponse(body.model_dump(), status_code=status or status_of(error), headers=headers)


def status_of(error: DropforgeError) -> int:
    return _STATUS.get(error.code, 500)


Refusal = Callable[[DropforgeError, Scope, Access], Response]


def _json_refusal(error: DropforgeError, _: Scope, __: Access) -> Response:
    return error_answer(error)


class Gate:
    """ASGI middleware: asks `access` for each request.

    `refusal` makes the answer to what is not let in.

    A request that is let through has its whole body at hand, and `state.known` says whether its caller is known.
    """

    def __init__(self, app: ASGIApp, access: Access, refusal: Refusal = _json_refusal) -> None:
        self._app = app
        self._access = access
        self._refusal = refusal
        self._refusals = Refusals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        access = self._access
        try:
            headers = Headers(scope=scope)
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            known = await access.admit(scope["method"], path, headers)
            body = await _body(headers, receive)
        except DropforgeError as error:
            self._refusals.note(scope["method"], scope["path"], error)
            await self._refusal(error, scope, access)(scope, receive, send)
            return
        scope.setdefault("state", {})["known"] = known
        await self._app(scope, _replayed(body, receive), send)


async def _body(headers: Headers, receive: Receive) -> bytes:
    """The request's body, read to its end. Raises `REQUEST_TOO_LARGE`, or `TIMEOUT` where it comes too slowly."""
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and (len(announced) > _LENGTH_DIGITS or int(announced) > MAX_BODY_BYTES):
        raise _too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > MAX_BODY_BYTES:
                    raise _too_large()
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError as error:
        raise DropforgeError(Code.TIMEOUT, f"The request's body did not come within {_BODY_S:.0f} s.") from error


def _too_large() -> DropforgeError:
    return DropforgeError(Code.REQUEST_TOO_LARGE, f"A request's body has at most {MAX_BODY_BYTES} bytes.")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read already, then whatever else comes."""
    message: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def next_message() -> Message:
        nonlocal message
        if message is None:
            return await receive()
        given, message = message, None
        return given

    return next_message
