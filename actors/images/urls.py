"""Reads image URLs from a row's cell, and checks them before any request."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address

from yarl import URL

from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue

from .guard import AddressGuard, BlockedAddressError
from .url_lists import split_any, split_delimited

MAX_URL_CHARACTERS = 8192

# yarl 1.25 raises IndexError for an empty host in brackets, such as `//[]@`.
_UNREADABLE = (ValueError, IndexError)

_BRACKETS = str.maketrans("", "", '[]"')
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ud800-\udfff]")
_AFTER_SLASHES = re.compile(r"(?:/{2,}|\\{2,})[^/?#\s]*+")
_LAST_PIECE = re.compile(r"[/?#\s]")
_WITHOUT_SLASHES = re.compile(r"\A(\s*https?:[/\\]?)[^/?#\s]*@|\A(\s*)[^/?#\s:@]+:[^/?#\s]*@", re.IGNORECASE)
_AUTHORITY = re.compile(r"[^/?#]*//([^/?#]*)")
_PORT = re.compile(r"(?:\[.*\]|[^:\[\]]*)(?::[0-9]*)?")
_EXACT = re.compile(r"(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_HOST = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One URL of a row. `index` is its position in the row's list, counting empty entries."""

    index: int
    url: str


def candidates(cell: str, catalogue: Catalogue) -> tuple[Candidate, ...]:
    """The URLs of an image cell, in order, without those that are empty.

    With the list syntax `bracketed`, as in the reference, every `[`, `]` and `"` is removed, and the rest is split at
    commas. A URL that begins with `//` gets https, one without scheme and host the catalogue's `image_base_url`. Raises
    `BAD_URL` when the syntax is `json` and the cell is not a JSON list of strings.
    """
    if catalogue.has_several("image"):
        cells: list[str] = json.loads(cell) if cell else []
        entries = [entry for each in cells for entry in _entries(each, catalogue)]
    else:
        entries = _entries(cell, catalogue)
    stripped = (entry.strip() for entry in entries)
    return tuple(
        Candidate(index, _completed(url, catalogue.image_base_url)) for index, url in enumerate(stripped) if url
    )


def _entries(cell: str, catalogue: Catalogue) -> list[str]:
    match catalogue.image_list:
        case "json":
            return _json_strings(cell) if cell.strip() else []
        case "delimited":
            return split_delimited(cell, catalogue.image_delimiter)
        case "auto":
            return split_any(cell, catalogue.image_delimiter)
    return cell.translate(_BRACKETS).split(",")


def _completed(url: str, base: str) -> str:
    if url.startswith("//"):
        return f"https:{url}"
    return url if not base or _SCHEME.match(url) else f"{base.rstrip('/')}/{url.lstrip('/')}"


def _json_strings(cell: str) -> list[str]:
    try:
        entries = json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise DropforgeError(
            Code.BAD_URL,
            f"The image list is not valid JSON: {error}. If it has another syntax, set the catalogue's "
            "`image_list` to `auto`.",
        ) from error
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise DropforgeError(
            Code.BAD_URL,
            "The image list is valid JSON, but not a list of strings. If it is an object of strings, set the "
            "catalogue's `image_list` to `auto`.",
        )
    return entries


def checked_url(text: str, guard: AddressGuard, ports: Collection[int]) -> URL:
    """The URL in `text`, checked, as parsed by yarl, which aiohttp uses too. Host names are checked when resolved.

    Raises:
        BAD_URL: `text` is not a plain http or https URL with a host name or a canonical address.
        BLOCKED_ADDRESS: the guard refuses its numeric address, or its port is not in `ports`.
    """
    if len(text) > MAX_URL_CHARACTERS:
        raise _bad(text, f"it is longer than {MAX_URL_CHARACTERS} characters")
    if _UNSAFE.search(text):  # parsers disagree on these: yarl drops a tab, others end the URL at it
        raise _bad(text, f"it has spaces, control characters, backslashes or lone surrogates{_hint(text)}")
    try:
        url = URL(text)
        host, port = url.raw_host, url.port
    except _UNREADABLE as error:
        raise _bad(text, str(error)) from error
    if url.scheme not in ("http", "https"):
        raise _bad(text, f"its scheme is not http or https{_hint(text)}")
    if not host:
        raise _bad(text, "it has no host")
    _check_authority(text, host)
    _check_host(text, host, guard)
    if port not in ports:
        raise DropforgeError(
            Code.BLOCKED_ADDRESS, f"{shown(text)} has port {port}, which is not in images.allowed_ports."
        )
    if _EXACT.fullmatch(text):  # yarl would decode escapes such as %2F, which breaks signed URLs
        url = URL(text, encoded=True)
    return url.with_fragment(None)


def redirect_target(url: URL, location: str) -> str:
    """The URL to which `Location` redirects from `url`. It must be checked like any other URL.

    Raises `BAD_URL` for a location that parsers read differently, either as relative or as another host's.
    """
    if _UNSAFE.search(location):
        raise _bad(location, "as the target of a redirect it has spaces, control characters or backslashes")
    try:
        target = URL(location)
        if not target.raw_host and (target.scheme or location.startswith("//")):
            raise _bad(location, "as the target of a redirect it has no host")
        return str(url.join(target))
    except _UNREADABLE as error:
        raise _bad(location, f"as the target of a redirect: {error}") from error


def _check_authority(text: str, host: str) -> None:
    """Refuses what yarl accepts: an empty user name, a port with signs or non-ASCII digits, and IPvFuture."""
    found = _AUTHORITY.match(text)
    authority = found[1] if found else ""
    if "@" in authority:
        raise _bad(text, "it has a user name")
    if not _PORT.fullmatch(authority):
        raise _bad(text, "its port is not a number")
    if "[" in authority and ":" not in host:
        raise _bad(text, "its host is in brackets, but not an IPv6 address")


def _check_host(text: str, host: str, guard: AddressGuard) -> None:
    try:
        ip_address(host)
    except ValueError:
        name = host.lower().removesuffix(".")
        if not _HOST.fullmatch(name):
            raise _bad(text, "its host is not a host name") from None
        if _NUMBER.fullmatch(name.rpartition(".")[2]):  # a disguised IPv4 address (WHATWG URL, "ends in a number")
            raise _bad(text, "its host ends in a number, but is not a plain IPv4 address") from None
        return
    try:
        guard.check(host)
    except BlockedAddressError as error:
        raise DropforgeError(Code.BLOCKED_ADDRESS, f"{shown(text)}: {error}.") from error


def _hint(text: str) -> str:
    """The setting that would read the list that `text` seems to come from, to go on the message."""
    if text[:1] in ("'", '"', "[", "(", "{") or "\\/" in text or ", http" in text:
        return "; if the cell is a list in another syntax, set the catalogue's `image_list` to `auto`"
    if not _SCHEME.match(text):
        return (
            "; if it is relative, set the catalogue's `image_base_url`, and if it is the rest of a URL with a comma, "
            "`image_list` to `auto`"
        )
    return ""


def _bad(text: str, why: str) -> DropforgeError:
    return DropforgeError(Code.BAD_URL, f"{shown(text)} was not fetched: {without_credentials(why)}.")


def without_credentials(text: str, most: int | None = None) -> str:
    """The text of a URL for people: without user name and password.

    Of a text of more than `most` characters the beginning, where that is given. In linear time for every text.
    """
    if most is not None and len(text) > most:
        text = text[:most]
        text = text[: len(text) - len(_LAST_PIECE.split(text)[-1])] + "…"  # an `@` may follow behind the cut
    text = _AFTER_SLASHES.sub(_without_user, text)
    return _WITHOUT_SLASHES.sub(lambda found: f"{found[1] or found[2] or ''}…@", text)


def _without_user(found: re.Match[str]) -> str:
    _, at, host = found[0].rpartition("@")
    return f"//…@{host}" if at else found[0]


def shown(text: str) -> str:
    """The text of a URL in a message, in quotes."""
    text = without_credentials(text, most=4000)
    return repr(text if len(text) <= 200 else text[:200] + "…")
