"""Settings, fetches and failures of the tests of `Downloader`."""

from __future__ import annotations

import socket
from typing import TypeVar

import pytest

from actors.errors import DropforgeError
from actors.images.download import Downloader
from actors.images.settings import ImageSettings

from .origin import HOST, Origin, http

BODY = b"some bytes"


def limits(origin: Origin, **changes: object) -> ImageSettings:
    return ImageSettings.model_validate(
        {"allowed_networks": ["127.0.0.0/8"], "allowed_ports": [80, 443, origin.port], "host_wait_s": 0} | changes
    )


async def fetch(settings: ImageSettings, url: str) -> bytes:
    downloader = Downloader(settings)
    try:
        with await downloader.fetch(url) as data:
            return data
    finally:
        await downloader.close()


async def failure(settings: ImageSettings, url: str) -> DropforgeError:
    with pytest.raises(DropforgeError) as raised:
        await fetch(settings, url)
    return raised.value


def redirect(location: str, status: int = 302) -> bytes:
    return http(b"moved", status=status, headers={"Location": location})


def raw_redirect(location: bytes) -> bytes:
    return b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"


Text = TypeVar("Text", str, bytes)


def filled(text: Text, host: Origin, other: Origin) -> Text:
    """A text of `browser_targets`, with the servers in it."""
    names = {"HOST": f"{HOST}:{host.port}", "OTHER": f"{HOST}:{other.port}", "PORT": str(host.port)}
    if isinstance(text, str):
        for name, value in names.items():
            text = text.replace(name, value)
        return text
    for name, value in names.items():
        text = text.replace(name.encode(), value.encode())
    return text


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Makes DNS answer with each address in turn, and returns the list of names that it is asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: object) -> list[tuple]:
        address = addresses[min(len(asked), len(addresses) - 1)]
        asked.append(host)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked
