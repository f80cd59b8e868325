"""ID tokens that Google has signed: who is calling, checked without a call to Google.

google-auth verifies a token; what it leaves to its caller is here: keeping the certificates, and the issuer.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Collection, Mapping
from typing import Any

import requests
from google.auth import jwt

from actors.errors import Code, DropforgeError

logger = logging.getLogger("dropforge.id_tokens")

CLOCK_SKEW_S = 10

_FETCH_S = 5.0
_FETCH_EVERY_S = 30.0
_KEPT_S = (60.0, 86_400.0)


class Certificates:
    """The PEM certificates or public keys at a URL, by key id. For one event loop.

    They are kept for as long as their server allows and then fetched anew in the background. A key id that is not
    among them fetches them too, since keys rotate. Either happens at most once in `fetch_every_s` seconds, whatever
    strangers send, and what was fetched last is good until something newer comes.
    """

    def __init__(self, url: str, *, fetch_every_s: float = _FETCH_EVERY_S) -> None:
        self._url = url
        self._fetch_every_s = fetch_every_s
        self._by_key: Mapping[str, str] = {}
        self._fresh_until = 0.0
        self._next_fetch = 0.0
        self._fetch: asyncio.Task[None] | None = None

    async def with_key(self, key_id: str) -> Mapping[str, str]:
        """All certificates, that of `key_id` among them where the server has one.

        Raises `CONNECTION_FAILED` (passing) while none could be fetched at all.
        """
        fetch = self._begin_fetch() if time.monotonic() >= self._fresh_until or key_id not in self._by_key else None
        if fetch is not None and key_id not in self._by_key:
            await asyncio.shield(fetch)
        if not self._by_key:
            raise DropforgeError(
                Code.CONNECTION_FAILED, f"No token can be checked: there are no certificates of {self._url} yet."
            )
        return self._by_key

    def _begin_fetch(self) -> asyncio.Task[None] | None:
        """The fetch under way, a new one, or None where the last one was a moment ago."""
        if self._fetch is None or self._fetch.done():
            if time.monotonic() < self._next_fetch:
                return None
            self._next_fetch = time.monotonic() + self._fetch_every_s
            self._fetch = asyncio.create_task(self._fetch_once())
        return self._fetch

    async def _fetch_once(self) -> None:
        try:
            self._by_key, kept_s = await asyncio.to_thread(_fetch, self._url)
        except (requests.RequestException, ValueError) as error:
            logger.warning("The certificates of %s could not be fetched, the last ones stay: %s", self._url, error)
        else:
            self._fresh_until = time.monotonic() + kept_s


class IdTokens:
    """Checks tokens for one audience. `issuers` are the values of `iss` that are accepted."""

    def __init__(self, certificates: Certificates, *, audience: str, issuers: Collection[str]) -> None:
        if not audience:  # to google-auth, none is any
            raise DropforgeError(Code.BAD_SETTINGS, "Tokens can't be checked for an empty audience.")
        self._certificates = certificates
        self._audience = audience
        self._issuers = issuers

    async def claims(self, token: str) -> Mapping[str, Any]:
        """What a token says, once its signature, times, audience and issuer are found right.

        Raises `UNAUTHENTICATED`, never with anything of the token in it; `CONNECTION_FAILED` as `Certificates` does.
        """
        try:
            key_id = str(jwt.decode_header(token)["kid"])
        except Exception as error:  # a stranger's bytes: whatever the parser makes of them, they are no token
            raise _refused("it is no ID token") from error
        certificates = await self._certificates.with_key(key_id)
        if key_id not in certificates:
            raise _refused("its key is unknown")
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token, certificates, audience=self._audience, clock_skew_in_seconds=CLOCK_SKEW_S
            )
        except Exception as error:
            raise _refused("its signature, times or audience are wrong") from error
        if claims.get("iss") not in self._issuers:
            raise _refused("its issuer is another")
        return claims


def _refused(why: str) -> DropforgeError:
    return DropforgeError(Code.UNAUTHENTICATED, f"The ID token is not accepted: {why}.")


def _fetch(url: str) -> tuple[dict[str, str], float]:
    """Certificates by key id, and for how many seconds they may be kept. Raises `ValueError` on another answer."""
    response = requests.get(url, timeout=_FETCH_S, allow_redirects=False)
    if response.status_code != requests.codes.ok:
        raise ValueError(f"the answer was {response.status_code}")
    found = response.json()
    if not isinstance(found, dict) or not found or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("the answer holds no certificates by key id")
    max_age = re.search(r"max-age=(\d+)", response.headers.get("Cache-Control", ""))
    shortest, longest = _KEPT_S
    return found, min(max(float(max_age[1]) if max_age else 0.0, shortest), longest)
