"""A browser's session: who has shown the API's token once need not send it again.

The cookie's value is an end of validity, signed with a key made from the token: no replica keeps anything, and a
changed token ends every session. The token itself can't be had from it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping

from itsdangerous import BadSignature, Signer
from starlette.requests import cookie_parser

COOKIE = "dropforge-session"
VALID_S = 12 * 3600


class Sessions:
    """Issues and checks sessions under one token. `now` is Unix time."""

    def __init__(self, token: str, *, now: Callable[[], float] = time.time) -> None:
        self._signer = Signer(token, salt="dropforge page session", key_derivation="hmac", digest_method=hashlib.sha256)
        self._now = now

    def issue(self) -> str:
        return self._signer.sign(str(int(self._now()) + VALID_S)).decode()

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Whether the request's cookie is a session of ours that has not ended."""
        value = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        try:
            # As bytes, since a cookie may hold any character, also one that is none in UTF-8.
            end = self._signer.unsign(value.encode("utf-8", "replace"))
        except BadSignature:
            return False
        return self._now() < int(end)
