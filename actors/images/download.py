"""Downloads one image from an untrusted server."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import TracebackType

import aiohttp
from yarl import URL

from actors.errors import Code, DropforgeError

from .content_encoding import packed, unpacked
from .failures import fetch_errors, status_error
from .guard import AddressGuard
from .hosts import Hosts
from .own_headers import filled_headers
from .places import Places
from .resolver import GuardedResolver
from .response_heads import LenientHandler
from .robots import opted_out
from .settings import ImageSettings
from .urls import checked_url, redirect_target

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WITH_IMAGE = frozenset({200, 203})  # 203: a proxy changed something (RFC 9110, 15.3.4)
_DRAINED_BYTES = 1 << 16  # read from an answer without an image, so that its connection can be reused


@dataclass(frozen=True, slots=True)
class Body:
    """An image's bytes. A context manager: it holds its `places` in the replica's limits until its block ends.

    `fetched` is False for bytes that were fetched for another row.
    """

    data: bytes
    places: tuple[Places, ...]
    fetched: bool = True

    def __enter__(self) -> bytes:
        return self.data

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for place in self.places:
            place.release()


class Downloader:
    """One HTTP session for all image hosts. Must be created, used and closed on the same event loop."""

    def __init__(self, settings: ImageSettings) -> None:
        self._settings = settings
        self._guard = AddressGuard(settings.allowed_networks)
        self._resolver = GuardedResolver(self._guard, settings.resolver_threads)
        self._opt_out = frozenset(directive.lower() for directive in settings.opt_out_directives)
        self._images = Places(settings.images_in_flight)
        self._large_images = Places(settings.large_images)
        self.hosts = Hosts(
            per_host=settings.fetches_per_host,
            requests_per_s=settings.requests_per_host_s,
            own=settings.own_hosts,
            down_after=settings.host_down_after,
            down_s=settings.host_down_s,
            wait_s=settings.host_wait_s,
        )
        contact = f" (+{settings.contact})" if settings.contact else ""
        agent = f"Dropforge/{importlib.metadata.version('dropforge')}{contact}"
        self._own_headers = filled_headers(settings.own_host_headers, os.environ)
        connector = aiohttp.TCPConnector(
            limit=0,  # our limits apply before the request, where waiting does not count against its deadline
            resolver=self._resolver,
            ttl_dns_cache=settings.dns_cache_s,
            socket_factory=self._guard.open_socket,
        )
        factory = partial(LenientHandler, loop=asyncio.get_running_loop())
        connector._factory = factory  # type: ignore[assignment]  # typed as that of the base class alone
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=settings.connect_s, sock_read=settings.read_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": agent, "Accept-Encoding": "identity"},
            auto_decompress=False,  # it would not be bounded; see `_unpack`
            trust_env=False,
            max_line_size=settings.max_header_bytes,
            max_field_size=settings.max_header_bytes,
            max_headers=settings.max_headers,
        )

    @property
    def open(self) -> bool:
        return not self._session.closed

    async def close(self) -> None:
        await self._session.close()
        await self._resolver.close()

    async def fetch(self, text: str, *, ahead: bool = False) -> Body:
        """The body of a URL, in one attempt. The target of every redirect is checked like the URL itself.

        Waits for a place in the host's limit first and in the replica's second, so that only running fetches hold the
        latter, and goes `ahead` of others, as `Places.acquire`, also once it was redirected. The deadline `fetch_s`
        starts then. Raises codes of kind `IMAGE` and `PASSING`.
        """
        remaining_s = self._settings.fetch_s
        target = text
        for hops in range(self._settings.max_redirects + 1):
            url = checked_url(target, self._guard, self._settings.allowed_ports)
            waited = ahead or hops > 0
            async with self.hosts.visit(_name(url), ahead=waited):
                answer, taken_s = await self._hop(url, remaining_s, waited)
            if isinstance(answer, Body):
                return answer
            target = answer
            remaining_s -= taken_s
        raise DropforgeError(
            Code.TOO_MANY_REDIRECTS, f"{text} was redirected more than {self._settings.max_redirects} times."
        )

    async def hold(self, data: bytes) -> Body:
        """A body of bytes that were fetched before. Waits for the same places as a fetch of them."""
        places: list[Places] = []
        try:
            await self._images.acquire()
            places.append(self._images)
            if len(data) > self._settings.large_image_bytes:
                await self._large_images.acquire()
                places.append(self._large_images)
        except BaseException:
            for place in places:
                place.release()
            raise
        return Body(data, tuple(places), fetched=False)

    async def _hop(self, url: URL, deadline_s: float, ahead: bool) -> tuple[Body | str, float]:
        """The answer of one server: a body, or the target of a redirect; and the seconds that it took."""
        places = [self._images]
        await self._images.acquire(ahead=ahead)
        started = time.monotonic()
        try:
            with fetch_errors(str(url)):
                async with (
                    asyncio.timeout(deadline_s) as deadline,
                    self._session.get(url, allow_redirects=False, headers=self._headers_for(url)) as response,
                ):
                    location = response.headers.get("Location", "")
                    if response.status in _REDIRECTS and location:
                        await response.content.read(_DRAINED_BYTES)
                        target = redirect_target(url, location)
                    elif response.status in _WITH_IMAGE:
                        self._check_opt_out(response)
                        body = Body(await self._read(response, places, deadline), tuple(places))
                        return body, time.monotonic() - started
                    else:
                        await response.content.read(_DRAINED_BYTES)
                        raise status_error(response)
        except BaseException:
            for place in places:
                place.release()
            raise
        self._images.release()
        return target, time.monotonic() - started

    def _check_opt_out(self, response: aiohttp.ClientResponse) -> None:
        directive = opted_out(response.headers.getall("X-Robots-Tag", ()), self._opt_out)
        if directive is not None:
            raise DropforgeError(
                Code.IMAGE_OPTED_OUT, f"{response.url} was not stored: its X-Robots-Tag header has {directive}."
            )

    async def _read(self, response: aiohttp.ClientResponse, places: list[Places], deadline: asyncio.Timeout) -> bytes:
        """The whole body, within the limits of size and speed. A large one takes an additional place."""
        limits = self._settings
        if (response.content_length or 0) > limits.max_image_bytes:
            raise _too_large(response.url, limits.max_image_bytes)
        chunks: list[bytes] = []
        size = 0
        started = time.monotonic()
        async for chunk in response.content.iter_any():
            chunks.append(chunk)
            size += len(chunk)
            if size > limits.max_image_bytes:
                raise _too_large(response.url, limits.max_image_bytes)
            age_s = time.monotonic() - started
            if age_s > limits.slow_start_s and size < limits.min_bytes_per_s * age_s:
                raise DropforgeError(
                    Code.IMAGE_TOO_SLOW,
                    f"{response.url} sent {size} bytes in {age_s:.0f} s, less than {limits.min_bytes_per_s} a second.",
                )
            if size > limits.large_image_bytes and self._large_images not in places:
                started += await self._take_large_place(places, deadline)
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        encoding = response.headers.get("Content-Encoding", "")
        return await self._unpack(data, encoding, response.url, places, deadline) if packed(encoding) else data

    async def _unpack(
        self, data: bytes, encoding: str, url: URL, places: list[Places], deadline: asyncio.Timeout
    ) -> bytes:
        """The body without its Content-Encoding, within the limits of size. A large one takes an additional place."""
        limits = self._settings
        body = await asyncio.to_thread(unpacked, data, encoding, min(limits.large_image_bytes, limits.max_image_bytes))
        if body is None:
            if self._large_images not in places:
                await self._take_large_place(places, deadline)
            body = await asyncio.to_thread(unpacked, data, encoding, limits.max_image_bytes)
        if body is None:
            raise _too_large(url, limits.max_image_bytes)
        return body

    def _headers_for(self, url: URL) -> Mapping[str, str] | None:
        """The headers for the operator's own hosts; None for all others, to which they must never be sent."""
        return self._own_headers if self._own_headers and self.hosts.owns(_name(url)) else None

    async def _take_large_place(self, places: list[Places], deadline: asyncio.Timeout) -> float:
        """Waits with the deadline suspended, because the wait is not the server's fault. Returns the seconds waited."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        ends = deadline.when() or began
        deadline.reschedule(None)
        await self._large_images.acquire()
        places.append(self._large_images)
        waited_s = loop.time() - began
        deadline.reschedule(ends + waited_s)
        return waited_s


def _name(url: URL) -> str:
    return (url.raw_host or "").lower().removesuffix(".")


def _too_large(url: URL, limit: int) -> DropforgeError:
    return DropforgeError(Code.IMAGE_TOO_LARGE, f"{url} has more than the {limit} bytes allowed.")
