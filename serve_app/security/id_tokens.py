"""Verification of ID tokens that Google has signed, without a call to Google for each.

google-auth verifies a token. This module adds what it leaves to its caller: a cache of the certificates, and the check
of the issuer.
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

    They are cached for as long as their server allows, and then fetched again in the background. An unknown key id
    triggers a fetch too, since keys rotate. Whatever callers send, there is at most one fetch in `fetch_every_s`
    seconds; until one succeeds, the certificates of the last one stay in use.
    """

    def __init__(self, url: str, *, fetch_every_s: float = _FETCH_EVERY_S) -> None:
        self._url = url
        self._fetch_every_s = fetch_every_s
        self._by_key: Mapping[str, str] = {}
        self._fresh_until = 0.0
        self._next_fetch = 0.0
        self._fetch: asyncio.Task[None] | None = None

    async def with_key(self, key_id: str) -> Mapping[str, str]:
        """All certificates by key id, including that of `key_id` if the server has one.

        Raises `CONNECTION_FAILED` while no certificates could be fetched at all.
        """
        fetch = self._begin_fetch() if time.monotonic() >= self._fresh_until or key_id not in self._by_key else None
        if fetch is not None and key_id not in self._by_key:
            await asyncio.shield(fetch)
        if not self._by_key:
            raise DropforgeError(
                Code.CONNECTION_FAILED,
                f"ID tokens can't be verified yet: could not fetch the certificates at {self._url}. Try again later.",
            )
        return self._by_key

    def _begin_fetch(self) -> asyncio.Task[None] | None:
        """The fetch in progress, or a new one, or None when the last one was less than `fetch_every_s` ago."""
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
            logger.warning(
                "Could not fetch the certificates at %s; the previous ones stay in use: %s", self._url, error
            )
        else:
            self._fresh_until = time.monotonic() + kept_s


class IdTokens:
    """Verifies tokens for one audience. `issuers` are the accepted values of `iss`.

    Raises `BAD_SETTINGS` for an empty audience, which google-auth would treat as "any".
    """

    def __init__(self, certificates: Certificates, *, audience: str, issuers: Collection[str]) -> None:
        if not audience:
            raise DropforgeError(Code.BAD_SETTINGS, "ID tokens can't be verified: the audience is empty.")
        self._certificates = certificates
        self._audience = audience
        self._issuers = issuers

    async def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token whose signature, times, audience and issuer are valid.

        Raises:
            UNAUTHENTICATED: the token is not valid. The message never quotes the token.
            CONNECTION_FAILED: no certificates could be fetched yet.
        """
        try:
            key_id = str(jwt.decode_header(token)["kid"])
        except Exception as error:  # untrusted bytes: whatever error the parser raises, they are not a token
            raise _refused("it is not a JSON Web Token with a key id") from error
        certificates = await self._certificates.with_key(key_id)
        if key_id not in certificates:
            raise _refused("its key id is unknown")
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token, certificates, audience=self._audience, clock_skew_in_seconds=CLOCK_SKEW_S
            )
        except Exception as error:
            raise _refused("its signature, its times or its audience are not valid") from error
        if claims.get("iss") not in self._issuers:
            raise _refused("its issuer is not accepted")
        return claims


def _refused(why: str) -> DropforgeError:
    return DropforgeError(Code.UNAUTHENTICATED, f"The ID token is not valid: {why}.")


def _fetch(url: str) -> tuple[dict[str, str], float]:
    """Certificates by key id, and for how many seconds they may be cached.

    Raises `ValueError` for an unexpected answer, and what `requests` raises.
    """
    response = requests.get(url, timeout=_FETCH_S, allow_redirects=False)
    if response.status_code != requests.codes.ok:
        raise ValueError(f"the server answered {response.status_code}")
    found = response.json()
    if not isinstance(found, dict) or not found or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("the answer does not contain certificates by key id")
    max_age = re.search(r"max-age=(\d+)", response.headers.get("Cache-Control", ""))
    shortest, longest = _KEPT_S
    return found, min(max(float(max_age[1]) if max_age else 0.0, shortest), longest)
