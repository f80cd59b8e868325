"""Requests to Cloud Storage whose token was revoked before its time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
from gcloud.aio.storage import Storage

T = TypeVar("T")


async def renewed(storage: Storage, request: Callable[[], Awaitable[T]]) -> T:
    """The request's result, asked for again with another token where the one it had was refused.

    Requests that are refused at the same time get one new token together. Raises what the second request raises.
    """
    try:
        return await request()
    except aiohttp.ClientResponseError as error:
        refused = error.request_info.headers.get("Authorization")
        if error.status != 401 or refused is None:  # an emulator asks for no token
            raise
        token = storage.token
        if refused == f"Bearer {token.access_token}":
            token.access_token_refresh_after = 0  # 9.6.5: past it, whoever needs a token waits for one common refresh
        return await request()
