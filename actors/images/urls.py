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
_AFTER_SLASHES = re.compile(r"(?:/{2,}|\\{2,})[^/?#\s]*+")
_LAST_PIECE = re.compile(r"[/?#\s]")
_WITHOUT_SLASHES = re.compile(r"\A(\s*https?:[/\\]?)[^/?#\s]*@|\A(\s*)[^/?#\s:@]+:[^/?#\s]*@", re.IGNORECASE)
# An IPv6 address keeps its brackets, because a URL is none without them.
_OTHER_BRACKETS = re.compile(r'(?P<literal>(?<=//)\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\])|[\[\]"]')
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_RAW_BYTE = re.compile(r"[\udc80-\udcff]")
_USER = re.compile(r"//[^/?#]*@")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PARTS = re.compile(r"(?s)//([^/?#]*)([^?#]*)(\?[^#]*)?")
_PORT = re.compile(r"(?:\[.*\]|[^:\[\]]*)(?::[0-9]*)?")
_HOST = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# The path and special-query percent-encode sets (WHATWG URL, 1.3) without control characters, which are refused, and
# with `|` in paths, as in Chromium 156.
_ESCAPED_IN_PATH = re.compile(r'[ "<>^`{|}]|[^\x00-\x7f]+')
_ESCAPED_IN_QUERY = re.compile(r"""[ "<>']|[^\x00-\x7f]+""")
# Single-dot and double-dot URL path segments (WHATWG URL, 4.4).
_DOTS = re.compile(r"/(?:\.|%2[Ee]){1,2}(?=/|$)")
_DOT = re.compile(r"%2[Ee]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One URL of a row. `index` is its position in the row's list, counting empty entries."""

    index: int
    url: str


def candidates(cell: str, catalogue: Catalogue) -> tuple[Candidate, ...]:
    """The URLs of an image cell, in order, without those that are empty.

    With the list syntax `bracketed`, as in the reference, every `[`, `]` and `"` is removed, and the rest is split at
    commas. Unlike there, an IPv6 address keeps its brackets. A URL that begins with `//` gets https, one without scheme
    and host the catalogue's `image_base_url`. Raises `BAD_URL` when the syntax is `json` and the cell is not a JSON
    list of strings.
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
    bare = _OTHER_BRACKETS.sub(r"\g<literal>", cell) if "//[" in cell else cell.translate(_BRACKETS)
    return bare.split(",")


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
    """The URL in `text`, checked, as browsers request it (WHATWG URL). Host names are checked when resolved.

    yarl, which is aiohttp's parser, reads scheme, host and port, and what it has read is checked here. Path and query
    stay as they are, escapes too; but a backslash is a slash, dot segments are resolved, and what can't be sent is
    escaped. There is no fragment. Browsers accept more: control characters, user names and any number of slashes are
    refused, because parsers disagree on the host behind them.

    Raises:
        BAD_URL: `text` is not a plain http or https URL with a host name or a canonical address.
        BLOCKED_ADDRESS: the guard refuses its numeric address, or its port is not in `ports`.
    """
    if len(text) > MAX_URL_CHARACTERS:
        raise _bad(text, f"it is longer than {MAX_URL_CHARACTERS} characters")
    text = text.strip(" ")
    if _CONTROLS.search(text):
        raise _bad(text, f"it has control characters or lone surrogates{_hint(text)}")
    scheme = _SCHEME.match(text)
    if scheme is None or scheme[1].lower() not in ("http", "https"):
        raise _bad(text, f"its scheme is not http or https{_hint(text)}")
    rest = text[scheme.end() :]
    parts = _PARTS.match(_with_slashes(rest))
    if parts is None or not parts[1]:
        raise _bad(text, f"it has no host{_hint(text)}")
    authority, path, query = parts[1], parts[2], parts[3] or ""
    try:
        origin = URL(f"{scheme[0]}//{authority}")
        host, port = origin.raw_host, origin.port
    except _UNREADABLE as error:
        raise _bad(text, str(error)) from error
    if not host:
        raise _bad(text, f"it has no host{_hint(text)}")
    _check_authority(text, rest, authority, host)
    _check_host(text, host, guard)
    if port not in ports:
        raise DropforgeError(
            Code.BLOCKED_ADDRESS, f"{shown(text)} has port {port}, which is not in images.allowed_ports."
        )
    path = _ESCAPED_IN_PATH.sub(_escaped, _without_dots(path)) or "/"
    query = _ESCAPED_IN_QUERY.sub(_escaped, query)
    if query == "?":  # yarl has no empty query
        path, query = f"{path}?", ""
    return URL.build(
        scheme=origin.scheme, authority=origin.raw_authority, path=path, query_string=query[1:], encoded=True
    )


def redirect_target(url: URL, location: str) -> str:
    """The URL to which `Location` redirects from `url`, a checked URL. It must be checked like any other URL.

    Bytes of the header that are not UTF-8 are surrogates in `location`, as aiohttp (3.14.5) reads it. They are escaped
    one by one, as by Chromium.
    """
    location = _RAW_BYTE.sub(lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", location).strip(" ")
    if _SCHEME.match(location):
        return location
    location = _with_slashes(location)
    if location.startswith("//"):
        return f"{url.scheme}:{location}"
    origin, path = f"{url.scheme}://{url.raw_authority}", url.raw_path.removesuffix("?")
    if location.startswith("/"):
        return f"{origin}{location}"
    if location.startswith("?"):
        return f"{origin}{path}{location}"
    if location.startswith("#"):
        return str(url)
    return f"{origin}{path.rpartition('/')[0]}/{location}"


def host_of(text: str) -> str:
    """The host in the text of a URL, for messages; `?` for a text without one."""
    scheme = _SCHEME.match(text)
    parts = _PARTS.match(_with_slashes(text[scheme.end() :])) if scheme else None
    try:
        return URL(f"http://{parts[1]}").raw_host or "?" if parts else "?"
    except _UNREADABLE:
        return "?"


def _with_slashes(text: str) -> str:
    """`text`, a URL's part behind its scheme, with each `\\` as `/`, except in query and fragment."""
    if "\\" not in text:
        return text
    end = min(at for at in (text.find("?"), text.find("#"), len(text)) if at >= 0)
    return text[:end].replace("\\", "/") + text[end:]


def _without_dots(path: str) -> str:
    """A path, empty or with a slash in front, without its dot segments (WHATWG URL, "path state")."""
    if not _DOTS.search(path):
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments, 1):
        dots = _DOT.sub(".", segment)
        if dots == ".." and kept:
            kept.pop()
        if dots not in (".", ".."):
            kept.append(segment)
        elif number == len(segments):
            kept.append("")
    return "/" + "/".join(kept)


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _check_authority(text: str, rest: str, authority: str, host: str) -> None:
    """Refuses what yarl accepts: a user name, a port with signs or non-ASCII digits, and IPvFuture.

    A user name by RFC 3986 too, where a backslash does not end the authority: `//a\\@b` is b's for other parsers.
    """
    if "@" in authority or _USER.match(rest):
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
