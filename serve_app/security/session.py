"""A browser's session: who has shown the API's token once need not send it again.

The cookie's value is an end of validity and a proof of it, made with the token: no replica keeps anything, and a
changed token ends every session. The token itself can't be had from it.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping

from starlette.requests import cookie_parser

COOKIE = "dropforge-session"
VALID_S = 12 * 3600


class Sessions:
    """Issues and checks sessions under one token. `now` is Unix time."""

    def __init__(self, token: str, *, now: Callable[[], float] = time.time) -> None:
        self._key = hashlib.sha256(b"dropforge page session\n" + token.encode()).digest()
        self._now = now

    def issue(self) -> str:
        return self._signed(str(int(self._now()) + VALID_S))

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Whether the request's cookie is a session of ours that has not ended."""
        value = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        end = value.partition(".")[0]
        # What is compared is bytes, since a cookie may hold any character.
        genuine = hmac.compare_digest(value.encode("utf-8", "surrogateescape"), self._signed(end).encode())
        return genuine and self._now() < int(end)

    def _signed(self, end: str) -> str:
        proof = hmac.new(self._key, end.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
        return f"{end}.{proof}"
