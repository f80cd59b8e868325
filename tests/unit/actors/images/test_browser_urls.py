"""The table of `browser_targets`: our request targets on the wire are Chromium's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from actors.errors import Code, DropforgeError
from actors.images.guard import AddressGuard
from actors.images.urls import checked_url, redirect_target

from .browser_targets import DIRECT, REDIRECTS, REFUSED, REFUSED_REDIRECTS
from .downloads import failure, filled, limits, raw_redirect
from .origin import Origin, running_origin

REFUSALS = {Code.BAD_URL, Code.BLOCKED_ADDRESS}


@pytest.fixture
async def other() -> AsyncIterator[Origin]:
    """A server on a port that is not in `allowed_ports`."""
    async with running_origin() as origin:
        yield origin


async def requested(text: str, origin: Origin, other: Origin) -> tuple[list[str], Code]:
    """The targets that both servers are asked for, and the code of the failure in the end."""
    error = await failure(limits(origin), filled(text, origin, other))
    assert other.requests == []
    return [request.path for request in origin.requests], error.code


@pytest.mark.parametrize(("text", "target"), DIRECT)
async def test_a_catalogues_url(origin: Origin, other: Origin, text: str, target: str) -> None:
    assert await requested(text, origin, other) == ([target], Code.IMAGE_NOT_FOUND)


@pytest.mark.parametrize(("url", "location", "target"), REDIRECTS)
async def test_a_redirects_url(origin: Origin, other: Origin, url: str, location: bytes, target: str | None) -> None:
    path = url.removeprefix("http://HOST")
    origin.says(path, raw_redirect(filled(location, origin, other)), raw_redirect(b"/end"))
    targets, code = await requested(url, origin, other)
    assert targets[1:2] == ([] if target is None else [target])
    assert code is (Code.BAD_URL if target is None else Code.IMAGE_NOT_FOUND)


@pytest.mark.parametrize(("text", "target", "why"), REFUSED)
async def test_a_url_refused_on_purpose(origin: Origin, other: Origin, text: str, target: str, why: str) -> None:
    targets, code = await requested(text, origin, other)
    assert (targets, code in REFUSALS) == ([], True)


@pytest.mark.parametrize(("url", "location", "target", "why"), REFUSED_REDIRECTS)
async def test_a_redirect_refused_on_purpose(
    origin: Origin, other: Origin, url: str, location: bytes, target: str, why: str
) -> None:
    origin.says(url.removeprefix("http://HOST"), raw_redirect(filled(location, origin, other)))
    targets, code = await requested(url, origin, other)
    assert (len(targets), code in REFUSALS) == (1, True)


@given(
    st.text("aA0.%2eE\\/?#@:[]é |") | st.text(),
    st.sampled_from(["http://h/a/b?c", "http://h", "https://h:8/?", "http://[2606:4700::1111]/a/"]),
)
def test_what_was_checked_is_what_is_connected_to(location: str, base: str) -> None:
    guard = AddressGuard()
    try:
        url = checked_url(redirect_target(checked_url(base, guard, (80, 8)), location), guard, (80, 8))
    except DropforgeError:
        return
    for parsed in (URL(str(url), encoded=True), URL(str(url))):
        assert (parsed.scheme, parsed.raw_host, parsed.port) == (url.scheme, url.raw_host, url.port)
    assert str(checked_url(str(url), guard, (80, 8))) == str(url)
    assert url.raw_path_qs.isascii()
    assert " " not in url.raw_path_qs
