"""Middleware that checks every request before the application sees it: who sends it, and how large its body is."""

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
"""A notification has a few kilobytes: its attributes and the object's metadata, base64-encoded."""

_BODY_S = 10.0
_LENGTH_DIGITS = 18
_STATUS = {
    Code.BAD_REQUEST: 400,
    Code.UNAUTHENTICATED: 401,
    Code.CROSS_SITE: 403,
    Code.NOT_FOUND: 404,
    Code.TIMEOUT: 408,
    Code.REPLAY_ACTIVE: 409,
    Code.RECONCILIATION_ACTIVE: 409,
    Code.REQUEST_TOO_LARGE: 413,
    Code.CONNECTION_FAILED: 503,
    Code.STORAGE_UNAVAILABLE: 503,
}


def error_answer(error: DropforgeError, *, status: int | None = None) -> JSONResponse:
    """The API's answer to a failure. Its HTTP status is the code's, unless `status` is given."""
    # A message may quote the request, and a lone surrogate, which JSON allows, can't be encoded as UTF-8.
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
    """ASGI middleware that refuses requests by the rules of `access`.

    `refusal` makes the answer to a refused request. An admitted request has its whole body read, and `state.known`
    says whether its caller is known.
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
    """The request's whole body.

    Raises `REQUEST_TOO_LARGE` above `MAX_BODY_BYTES`, and `TIMEOUT` when it takes longer than ten seconds.
    """
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
        raise DropforgeError(
            Code.TIMEOUT, f"The request's body did not arrive within {_BODY_S:.0f} s. Send the request again."
        ) from error


def _too_large() -> DropforgeError:
    return DropforgeError(
        Code.REQUEST_TOO_LARGE, f"The request's body has more than the {MAX_BODY_BYTES} bytes that are allowed."
    )


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that first returns the body that was already read."""
    message: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def next_message() -> Message:
        nonlocal message
        if message is None:
            return await receive()
        given, message = message, None
        return given

    return next_message
