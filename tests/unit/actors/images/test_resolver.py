from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest

from actors.images.guard import AddressGuard, BlockedAddressError
from actors.images.resolver import GuardedResolver

ANSWERS = {
    "public.example.": ["8.8.8.8", "2606:4700::1111"],
    "private.example.": ["10.0.0.1"],
    "mixed.example.": ["8.8.8.8", "127.0.0.1"],
    "mapped.example.": ["::ffff:127.0.0.1"],
    "empty.example.": [],
    "single": ["8.8.4.4"],
}


@pytest.fixture
async def resolver(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GuardedResolver]:
    def getaddrinfo(host: str, port: int, *_: int) -> list[tuple]:
        if host not in ANSWERS:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ANSWERS[host]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    resolver = GuardedResolver(AddressGuard(), threads=1)
    yield resolver
    await resolver.close()


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("public.example", ["8.8.8.8", "2606:4700::1111"]),
        ("public.example.", ["8.8.8.8", "2606:4700::1111"]),
        ("single", ["8.8.4.4"]),
    ],
)
async def test_names_are_resolved_as_absolute_ones(resolver: GuardedResolver, host: str, addresses: list[str]) -> None:
    answers = await resolver.resolve(host, 80)
    assert [(answer["host"], answer["port"], answer["hostname"]) for answer in answers] == [
        (address, 80, host) for address in addresses
    ]


@pytest.mark.parametrize("host", ["private.example", "mixed.example", "mapped.example"])
async def test_one_refused_address_refuses_the_name(resolver: GuardedResolver, host: str) -> None:
    with pytest.raises(BlockedAddressError):
        await resolver.resolve(host, 80)


@pytest.mark.parametrize("host", ["absent.example", "empty.example"])
async def test_a_name_without_an_address(resolver: GuardedResolver, host: str) -> None:
    with pytest.raises(socket.gaierror):
        await resolver.resolve(host, 80)
