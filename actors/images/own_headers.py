"""Request headers for the operator's own image hosts, with secrets from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Template

from actors.errors import Code, DropforgeError

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a token (RFC 9110, 5.6.2)
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers of the settings. Raises `ValueError` for one that can't be sent, or that the fetcher sets itself."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or name.lower() in _OURS:
            raise ValueError(f"{name!r} is not a header that can be set here")
        if not _VALUE.fullmatch(value):
            raise ValueError(f"the value of {name} has characters that are not printable ASCII")
        if not Template(value).is_valid():
            raise ValueError(f"a $ in the value of {name} must be followed by a variable's name, or be written as $$")
    return headers


def filled_headers(headers: Mapping[str, str], environment: Mapping[str, str]) -> Mapping[str, str]:
    """The headers with each `$NAME` and `${NAME}` replaced by an environment variable.

    Raises `BAD_SETTINGS` for a variable that is not set or can't be sent. The message has its name, never its value.
    """
    filled = {}
    for name, value in headers.items():
        try:
            filled[name] = Template(value).substitute(environment)
        except KeyError as missing:
            raise DropforgeError(
                Code.BAD_SETTINGS,
                f"images.own_host_headers needs the environment variable {missing.args[0]} for {name}, but it is not "
                "set where the image fetchers run.",
            ) from None
        if not _VALUE.fullmatch(filled[name]):
            raise DropforgeError(
                Code.BAD_SETTINGS,
                f"images.own_host_headers can't send {name}: an environment variable in it has characters that are not "
                "printable ASCII, such as a line end.",
            )
    return filled
