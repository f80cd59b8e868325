"""Reads heads of answers in one point more leniently than aiohttp (3.14.5), which has no option for it."""

from __future__ import annotations

import re

from aiohttp.client_proto import ResponseHandler

_LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*([0-9]+)[ \t]*(?=\r\n|$)", re.IGNORECASE)


class LenientHandler(ResponseHandler):
    """aiohttp's protocol, for which a Content-Length that is there twice is there once (RFC 9110, 8.6)."""

    def data_received(self, data: bytes) -> None:
        super().data_received(with_one_length(data))


def with_one_length(data: bytes) -> bytes:
    """The first bytes of an answer, without equal repetitions of Content-Length in a head that is whole.

    Anything else is returned as it is: later bytes, and heads with different lengths, which the parser refuses.
    """
    if not data.startswith(b"HTTP/1."):
        return data
    end = data.find(b"\r\n\r\n")
    if data[: max(end, 0)].lower().count(b"content-length") < 2:  # the rule, told without the cost of an expression
        return data
    found = list(_LENGTH.finditer(data, 0, end))
    if len(found) < 2 or len({each[1] for each in found}) > 1:
        return data
    first = found[0].end()
    return data[:first] + _LENGTH.sub(b"", data[first:end]) + data[end:]
