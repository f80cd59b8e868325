from __future__ import annotations

import inspect
import socket

import pytest

from actors.errors import Code
from actors.images.guard import BlockedAddressError

from .downloads import BODY, failure, fetch, limits, resolve_to
from .origin import HOST, Origin, http


class TestGuard:
    """What the guard does when it is the last wall: names that resolve to addresses that are not public."""

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1"])
    async def test_a_name_for_a_private_address(
        self, origin: Origin, monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        resolve_to(monkeypatch, address)
        url = origin.url("/", host="rebind.example")
        origin.says("/", http(BODY))
        error = await failure(limits(origin, allowed_networks=[]), url)
        assert error.code is Code.BLOCKED_ADDRESS
        assert origin.connections == 0

    async def test_a_name_that_changes_its_address(self, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
        """The address that is connected to is the one that was checked: DNS is asked once, not twice."""
        asked = resolve_to(monkeypatch, HOST, "10.0.0.1")
        origin.says("/", http(BODY))
        assert await fetch(limits(origin), origin.url("/", host="rebind.example")) == BODY
        assert asked == ["rebind.example."]

    async def test_an_answer_that_no_resolver_checked(self, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("actors.images.guard.AddressGuard.check", _check_of_sockets_only)
        resolve_to(monkeypatch, HOST)
        error = await failure(limits(origin, allowed_networks=[]), origin.url("/", host="rebind.example"))
        assert error.code is Code.BLOCKED_ADDRESS
        assert origin.connections == 0

    async def test_the_environments_proxy_is_not_asked(self, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", origin.url("/"))
        monkeypatch.setenv("http_proxy", origin.url("/"))
        assert (await failure(limits(origin), "http://absent.invalid/a.jpg")).code is Code.HOST_NOT_FOUND
        assert origin.connections == 0

    @pytest.mark.parametrize(
        ("number", "code"),
        [
            (socket.EAI_NONAME, Code.HOST_NOT_FOUND),
            (socket.EAI_NODATA, Code.HOST_NOT_FOUND),
            (socket.EAI_AGAIN, Code.CONNECTION_FAILED),
            (socket.EAI_FAIL, Code.CONNECTION_FAILED),
        ],
    )
    async def test_names_that_do_not_resolve(
        self, origin: Origin, monkeypatch: pytest.MonkeyPatch, number: int, code: Code
    ) -> None:
        def getaddrinfo(*_: object) -> list[tuple]:
            raise socket.gaierror(number, "as told")

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        assert (await failure(limits(origin), "http://absent.example/")).code is code


def _check_of_sockets_only(guard: object, address: str) -> None:
    if inspect.stack()[1].function == "open_socket":
        raise BlockedAddressError(address)
