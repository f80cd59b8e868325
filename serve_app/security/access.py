"""Who may call what.

| route            | asks for                                                                              |
|------------------|---------------------------------------------------------------------------------------|
| `/pubsub/push`   | Pub/Sub's ID token: audience `push_audience`, e-mail `push_service_account`           |
| `/health`        | nothing, and then tells a probe the status alone                                      |
| `/page/sign-in`, | nothing: the form that asks for the token, and what it looks like                     |
| `/page/static/…` |                                                                                       |
| everything else  | `Authorization: Bearer {api_token}`, or the assertion of an identity-aware proxy, or  |
|                  | the session that a browser has from `/page/sign-in`                                   |

What changes anything comes as JSON, which no form of another site can send; the page's own forms below `/page/` are
taken where the browser says that they are ours.

With `open_on_loopback`, a route that has nothing configured asks for nothing. Whom there is to fear then is a page of
another site in a browser on this machine: its requests are refused, since the browser names where they come from, or a
host that is not this machine.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from actors.errors import Code, DropforgeError
from serve_app.config.settings import Settings

from .id_tokens import Certificates, IdTokens
from .session import Sessions

PUSH = "/pubsub/push"
HEALTH = "/health"
PAGES = "/page/"
SIGN_IN = "/page/sign-in"
STATIC = "/page/static/"

GOOGLE_CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"
GOOGLE_ISSUERS = ("accounts.google.com", "https://accounts.google.com")
"""Of "Authenticate push subscriptions", Pub/Sub documentation."""

IAP_KEYS = "https://www.gstatic.com/iap/verify/public_key"
IAP_ISSUERS = ("https://cloud.google.com/iap",)
IAP_ASSERTION = "x-goog-iap-jwt-assertion"
"""Of "Securing your app with signed headers", Identity-Aware Proxy documentation."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def check_closed(settings: Settings) -> None:
    """Raises `BAD_SETTINGS` where settings would let anybody in who reaches the application's port."""
    if settings.open_on_loopback:
        return
    if not settings.api_token.get_secret_value() and not settings.iap_audience:
        raise DropforgeError(
            Code.BAD_SETTINGS,
            "api_token: anybody could read and replay runs. Set DROPFORGE_API_TOKEN to a secret, as `openssl rand -hex "
            "32` makes one, or iap_audience behind an identity-aware proxy. An application that is bound to 127.0.0.1, "
            "such as that of `dropforge up`, may set open_on_loopback instead.",
        )
    if not settings.pull and not settings.push_audience:
        raise DropforgeError(
            Code.BAD_SETTINGS,
            "push_audience: with pull off, notifications are pushed, and none would be accepted. Set push_audience and "
            "push_service_account to what the push subscription's `oidc_token` has.",
        )


class Access:
    """The rules under one application's settings. For one event loop."""

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
        """Whether the caller is known; one that is not may see the status of `/health` alone.

        `headers` finds names without regard to case. Raises `UNAUTHENTICATED`, `CROSS_SITE`, or `BAD_REQUEST` where
        a change is asked for in another form than JSON; `CONNECTION_FAILED` where nobody's token can be checked yet.
        """
        if path == PUSH and self._push is not None:
            await self._admit_push(self._push, headers)
            return True
        if method not in _READING:
            _refuse_cross_site(headers, form=path.startswith(PAGES))
        if self._open and (path == PUSH or not self._asks_callers):
            _refuse_other_hosts(headers)
            return True
        if path == SIGN_IN or (path.startswith(STATIC) and method in _READING):
            return False
        if path == PUSH:
            raise DropforgeError(
                Code.UNAUTHENTICATED,
                "No notification is taken from here: set push_audience and push_service_account for it.",
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
                Code.UNAUTHENTICATED, "The ID token is another account's, or its e-mail is not verified."
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
            Code.UNAUTHENTICATED, "A token is needed: `Authorization: Bearer …`, for the command DROPFORGE_API_TOKEN."
        )
    return token.strip()


def _digest(token: str) -> bytes:
    """Of one length for all tokens, so that comparing takes equally long for all."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _refuse_other_hosts(headers: Mapping[str, str]) -> None:
    """A name that a stranger's DNS points at this machine makes a browser take the stranger's page for ours."""
    host = headers.get("host", "")
    if _host_name(f"//{host}") not in _LOOPBACK:
        raise DropforgeError(
            Code.CROSS_SITE,
            f"The request is for the host {host!r:.100}, but without a token only this machine may call: use 127.0.0.1 "
            "as the address, or set DROPFORGE_API_TOKEN.",
        )


def _refuse_cross_site(headers: Mapping[str, str], *, form: bool) -> None:
    """Fetch Metadata names the relation of a page to us, `Origin` the page; JSON is what no form can send.

    With `form`, one is taken too, but then the browser must name the page: every browser does for a form's POST.
    """
    origin, host = headers.get("origin"), headers.get("host", "")
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") or (
        origin is not None and origin.partition("://")[2] != host
    ):
        raise DropforgeError(Code.CROSS_SITE, "A page of another site may change nothing here.")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if form and origin is not None and kind == "application/x-www-form-urlencoded":
        return
    if kind != "application/json":
        raise DropforgeError(Code.BAD_REQUEST, "Send JSON, with `Content-Type: application/json`.")


def _host_name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
