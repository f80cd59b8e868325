"""URLs of images: read from a row's cell, and checked before anything is sent to them."""

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

MAX_URL_CHARACTERS = 8192

# yarl 1.25 looks for the first character of a host that is empty: `//[]@`.
_UNREADABLE = (ValueError, IndexError)

_BRACKETS = str.maketrans("", "", '[]"')
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ud800-\udfff]")
_CREDENTIALS = re.compile(r"(?://|\\\\)[^/?#\s]*@")
_AUTHORITY = re.compile(r"[^/?#]*//([^/?#]*)")
_PORT = re.compile(r"(?:\[.*\]|[^:\[\]]*)(?::[0-9]*)?")
_EXACT = re.compile(r"(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_HOST = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One URL of a row. `index` is its place in the row's list, empty entries counted."""

    index: int
    url: str


def candidates(cell: str, catalogue: Catalogue) -> tuple[Candidate, ...]:
    """The URLs of an image cell, in order.

    `bracketed` is the reference's reading: every `[`, `]` and `"` is dropped and the rest split at commas. Raises
    `BAD_URL` where the catalogue says `json` and the cell is no JSON list of strings.
    """
    if catalogue.image_list == "json":
        entries = _json_strings(cell) if cell.strip() else []
    elif catalogue.image_list == "delimited":
        entries = cell.split(catalogue.image_delimiter)
    else:
        entries = cell.translate(_BRACKETS).split(",")
    stripped = (entry.strip() for entry in entries)
    return tuple(Candidate(index, url) for index, url in enumerate(stripped) if url)


def _json_strings(cell: str) -> list[str]:
    try:
        entries = json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise DropforgeError(Code.BAD_URL, f"The image list is not JSON: {error}") from error
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise DropforgeError(Code.BAD_URL, "The image list is JSON, but not a list of strings.")
    return entries


def checked_url(text: str, guard: AddressGuard, ports: Collection[int]) -> URL:
    """`text` as yarl, the parser that aiohttp itself uses, reads it, once nothing speaks against fetching it.

    Raises `BAD_URL` for anything but a plain http or https URL with a host name or a canonical address, and
    `BLOCKED_ADDRESS` for a numeric address the guard refuses or a port not in `ports`. Names are checked when
    they are resolved.
    """
    if len(text) > MAX_URL_CHARACTERS:
        raise _bad(text, f"it is longer than {MAX_URL_CHARACTERS} characters")
    if _UNSAFE.search(text):  # parsers disagree on these: yarl drops a tab, others cut at one
        raise _bad(text, "it has blanks, control characters, backslashes or half characters")
    try:
        url = URL(text)
        host, port = url.raw_host, url.port
    except _UNREADABLE as error:
        raise _bad(text, str(error)) from error
    if url.scheme not in ("http", "https"):
        raise _bad(text, "it is not http or https")
    if not host:
        raise _bad(text, "it has no host")
    _check_authority(text, host)
    _check_host(text, host, guard)
    if port not in ports:
        raise DropforgeError(Code.BLOCKED_ADDRESS, f"{_shown(text)} names port {port}, which is not allowed.")
    if _EXACT.fullmatch(text):  # yarl would decode escapes such as %2F, and a signed URL is one only as it was written
        url = URL(text, encoded=True)
    return url.with_fragment(None)


def redirect_target(url: URL, location: str) -> str:
    """Where an answer's `Location` leads from `url`; to be checked like any URL.

    Raises `BAD_URL` for one that parsers read differently: relative to this host, or as the name of another.
    """
    if _UNSAFE.search(location):
        raise _bad(location, "as the target of a redirect it has blanks, control characters or backslashes")
    try:
        target = URL(location)
        if not target.raw_host and (target.scheme or location.startswith("//")):
            raise _bad(location, "as the target of a redirect it has no host")
        return str(url.join(target))
    except _UNREADABLE as error:
        raise _bad(location, f"as the target of a redirect: {error}") from error


def _check_authority(text: str, host: str) -> None:
    """What yarl is lenient about: an empty user name, signs and other alphabets' digits in a port, IPvFuture."""
    found = _AUTHORITY.match(text)
    authority = found[1] if found else ""
    if "@" in authority:
        raise _bad(text, "it carries a user name")
    if not _PORT.fullmatch(authority):
        raise _bad(text, "its port is no number")
    if "[" in authority and ":" not in host:
        raise _bad(text, "its host is in brackets, but no IPv6 address")


def _check_host(text: str, host: str, guard: AddressGuard) -> None:
    try:
        ip_address(host)
    except ValueError:
        name = host.lower().removesuffix(".")
        if not _HOST.fullmatch(name):
            raise _bad(text, "its host is not a host name") from None
        if _NUMBER.fullmatch(name.rpartition(".")[2]):  # WHATWG URL, "ends in a number": an IPv4 in disguise
            raise _bad(text, "its host is a number, but not a plain IPv4 address") from None
        return
    try:
        guard.check(host)
    except BlockedAddressError as error:
        raise DropforgeError(Code.BLOCKED_ADDRESS, f"{_shown(text)}: {error}.") from error


def _bad(text: str, why: str) -> DropforgeError:
    return DropforgeError(Code.BAD_URL, f"{_shown(text)} is not fetched: {without_credentials(why)}.")


def without_credentials(text: str) -> str:
    """A URL as it may be logged: what is before an `@` of its authority is nobody's business."""
    return _CREDENTIALS.sub("//…@", text)


def _shown(text: str) -> str:
    text = without_credentials(text)
    return repr(text if len(text) <= 200 else text[:200] + "…")
