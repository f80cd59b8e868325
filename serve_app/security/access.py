"""Who may call which route.

| route            | requires                                                                              |
|------------------|---------------------------------------------------------------------------------------|
| `/pubsub/push`   | an ID token of Pub/Sub or Eventarc: audience `push_audience`, e-mail                  |
|                  | `push_service_account`                                                                |
| `/health`        | nothing, but answers an unknown caller, such as a probe, with the status only         |
| `/page/sign-in`, | nothing: the form that asks for the token, its style sheet and script                 |
| `/page/static/…` |                                                                                       |
| everything else  | `Authorization: Bearer {api_token}`, or the assertion of an identity-aware proxy, or  |
|                  | the session that a browser gets from `/page/sign-in`                                  |

A request that changes something must be JSON, which a form of another site can't send. The page's own forms below
`/page/` are accepted if the browser names our origin.

With `open_on_loopback`, a route without any configured check requires nothing. The remaining risk is a page of another
site in a browser on this machine. Its requests are refused, because the browser sends their origin, or a host name
that is not this machine's.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from actors.errors import Code, DropforgeError
from serve_app.config.settings import Settings
from serve_app.pubsub.pushed import is_marked

from .id_tokens import Certificates, IdTokens
from .session import Sessions

PUSH = "/pubsub/push"
HEALTH = "/health"
PAGES = "/page/"
SIGN_IN = "/page/sign-in"
STATIC = "/page/static/"

GOOGLE_CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"
GOOGLE_ISSUERS = ("accounts.google.com", "https://accounts.google.com")
"""From "Authenticate push subscriptions", Pub/Sub documentation."""

IAP_KEYS = "https://www.gstatic.com/iap/verify/public_key"
IAP_ISSUERS = ("https://cloud.google.com/iap",)
IAP_ASSERTION = "x-goog-iap-jwt-assertion"
"""From "Securing your app with signed headers", Identity-Aware Proxy documentation."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def check_closed(settings: Settings) -> None:
    """Raises `BAD_SETTINGS` when the settings would let in anyone who can reach the application's port."""
    if settings.open_on_loopback:
        return
    if not settings.api_token.get_secret_value() and not settings.iap_audience:
        raise DropforgeError(
            Code.BAD_SETTINGS,
            "api_token is not set: anyone could read and replay runs. Set DROPFORGE_API_TOKEN to a secret, such as the "
            "output of `openssl rand -hex 32`, or set iap_audience behind an identity-aware proxy. An application that "
            "is bound to 127.0.0.1, such as that of `dropforge up`, may set open_on_loopback instead.",
        )
    if not settings.pull and not settings.push_audience:
        raise DropforgeError(
            Code.BAD_SETTINGS,
            "push_audience is not set, but pull is off: no notification would be accepted. Set push_audience and "
            "push_service_account to the values of the push subscription's `oidc_token`.",
        )


class Access:
    """Applies the rules of this module under one application's settings. For one event loop."""

    def __init__(
        self, settings: Settings, *, google_certificates: str = GOOGLE_CERTIFICATES, iap_keys: str = IAP_KEYS
    ) -> None:
        token = settings.api_token.get_secret_value()
        self._api_token = _digest(token) if token else None
        self.sessions = Sessions(token) if token else None
        self._push_service_account = settings.push_service_account
        self._push = self._iap = None
        if settings.push_audience:
            certificates = Certificates(google_certificates)
            self._push = IdTokens(certificates, audience=settings.push_audience, issuers=GOOGLE_ISSUERS)
        if settings.iap_audience:
            self._iap = IdTokens(Certificates(iap_keys), audience=settings.iap_audience, issuers=IAP_ISSUERS)
        self._asks_callers = self._api_token is not None or self._iap is not None
        self._open = settings.open_on_loopback

    async def admit(self, method: str, path: str, headers: Mapping[str, str]) -> bool:
        """Whether the caller is known. An unknown caller may see the sign-in page and the status of `/health` only.

        `headers` must ignore the case of names.

        Raises:
            UNAUTHENTICATED: the route requires a token, and the request has none that is valid.
            CROSS_SITE: a page of another site made the request.
            BAD_REQUEST: the request changes something and is not JSON.
            CONNECTION_FAILED: Google's certificates could not be fetched yet, so no ID token can be checked.
        """
        if path == PUSH and self._push is not None:
            await self._admit_push(self._push, headers)
            return True
        if method not in _READING:
            _refuse_cross_site(headers, form=path.startswith(PAGES), marked=path == PUSH and is_marked(headers))
        if self._open and (path == PUSH or not self._asks_callers):
            _refuse_other_hosts(headers)
            return True
        if path == SIGN_IN or (path.startswith(STATIC) and method in _READING):
            return False
        if path == PUSH:
            raise DropforgeError(
                Code.UNAUTHENTICATED,
                "This application accepts no pushed notifications. To allow them, set push_audience and "
                "push_service_account to the values of the push subscription's `oidc_token`.",
            )
        try:
            await self._admit_caller(headers)
        except DropforgeError as error:
            if path != HEALTH or method not in _READING or error.code is not Code.UNAUTHENTICATED:
                raise
            return False
        return True

    def is_token(self, token: str) -> bool:
        return self._api_token is not None and hmac.compare_digest(_digest(token), self._api_token)

    async def _admit_push(self, tokens: IdTokens, headers: Mapping[str, str]) -> None:
        claims = await tokens.claims(_bearer(headers))
        if claims.get("email") != self._push_service_account or claims.get("email_verified") is not True:
            raise DropforgeError(
                Code.UNAUTHENTICATED,
                "The ID token is not that of push_service_account, or its e-mail address is not verified.",
            )

    async def _admit_caller(self, headers: Mapping[str, str]) -> None:
        if self._iap is not None and IAP_ASSERTION in headers:
            await self._iap.claims(headers[IAP_ASSERTION])
            return
        if self.sessions is not None and "authorization" not in headers and self.sessions.admits(headers):
            return
        if not self.is_token(_bearer(headers)):
            raise DropforgeError(Code.UNAUTHENTICATED, "The token is not this application's DROPFORGE_API_TOKEN.")


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise DropforgeError(
            Code.UNAUTHENTICATED,
            "The request has no token. Send `Authorization: Bearer TOKEN`; the `dropforge` command sends "
            "DROPFORGE_API_TOKEN.",
        )
    return token.strip()


def _digest(token: str) -> bytes:
    """SHA-256 of the token: all digests have the same length, so comparing them reveals nothing about it."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _refuse_other_hosts(headers: Mapping[str, str]) -> None:
    """Prevents DNS rebinding: a page of a foreign host name that resolves to this machine would count as same-origin.

    Raises `CROSS_SITE`.
    """
    host = headers.get("host", "")
    if _host_name(f"//{host}") not in _LOOPBACK:
        raise DropforgeError(
            Code.CROSS_SITE,
            f"The request's Host is {host!r:.100}, but without a token only this machine may call the application: use "
            "the address 127.0.0.1, or set DROPFORGE_API_TOKEN.",
        )


def _refuse_cross_site(headers: Mapping[str, str], *, form: bool, marked: bool) -> None:
    """Prevents cross-site request forgery.

    Checks the browser's Fetch Metadata (`Sec-Fetch-Site`) and `Origin` headers, and requires JSON, which a form can't
    send. With `form`, a urlencoded form is accepted too, but only with an `Origin`: every browser sends one with POST.
    A request that is `marked` by headers of its own may have any content type: a form can't send these either.

    Raises `CROSS_SITE`, or `BAD_REQUEST` for another content type.
    """
    origin, host = headers.get("origin"), headers.get("host", "")
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") or (
        origin is not None and origin.partition("://")[2] != host
    ):
        raise DropforgeError(Code.CROSS_SITE, "The request was refused: it comes from a page of another site.")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if form and origin is not None and kind == "application/x-www-form-urlencoded":
        return
    if kind != "application/json" and not marked:
        raise DropforgeError(
            Code.BAD_REQUEST, "The request is not JSON: send JSON with `Content-Type: application/json`."
        )


def _host_name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
