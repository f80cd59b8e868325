"""A web server on loopback that answers as image hosts do: with images, and with typical faults.

=================  ===========================================================================
`/ok/…`            an image, in the format of the path's extension
`/missing/…`       404
`/page/…`          200 with an HTML page, as many shops answer for a product that is gone
`/flaky/…`         503 for the first two requests for a path, then an image
`/slow/SECONDS/…`  an image after that many seconds
=================  ===========================================================================

With `any_path`, every path of every Host is an image, for catalogues whose URLs a test maps to this server. A path in
`statuses` is answered with that status.

    python -m infra.local.image_host --port 8081 --any
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import io
import posixpath
import threading
from collections import Counter
from functools import lru_cache
from types import TracebackType

from aiohttp import web
from PIL import Image, ImageOps

from .port import HOST

_FORMATS = {".png": ("PNG", "image/png"), ".webp": ("WEBP", "image/webp")}
_JPEG = ("JPEG", "image/jpeg")
_SIDE = 96
_FLAKY_FAILURES = 2
_LONGEST_S = 60.0


class ImageHost:
    """Serves from a thread of its own inside its `with` block. `requests` counts requests by path.

    `latency_s` delays every answer, in seconds, as a distant host would; `port` 0 picks a free port.
    """

    def __init__(self, *, latency_s: float = 0.0, any_path: bool = False, port: int = 0) -> None:
        self.requests: Counter[str] = Counter()
        self.statuses: dict[str, int] = {}
        self.port = port
        self._latency_s = latency_s
        self._any_path = any_path
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="image-host", daemon=True)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def __enter__(self) -> ImageHost:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        application = web.Application()
        application.router.add_get("/{path:.*}", self._answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, HOST, self.port).start()
        self.port = runner.addresses[0][1]

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.path
        self.requests[path] += 1
        await asyncio.sleep(self._latency_s)
        if path in self.statuses:
            return web.Response(status=self.statuses[path])
        if self._any_path:
            return _image(path)
        kind, _, rest = path.removeprefix("/").partition("/")
        match kind:
            case "ok":
                return _image(path)
            case "page":
                return web.Response(text="<!doctype html><title>This product is gone</title>", content_type="text/html")
            case "flaky" if self.requests[path] <= _FLAKY_FAILURES:
                return web.Response(status=503, text="busy")
            case "flaky":
                return _image(path)
            case "slow":
                await asyncio.sleep(_seconds(rest.partition("/")[0]))
                return _image(path)
        return web.Response(status=404, text="no such image")


def _seconds(text: str) -> float:
    try:
        return min(max(float(text), 0.0), _LONGEST_S)
    except ValueError:
        raise web.HTTPBadRequest(text=f"/slow/SECONDS/… needs a number, not {text!r}") from None


def _image(path: str) -> web.Response:
    _, content_type = _format(path)
    return web.Response(body=image_bytes(path), content_type=content_type)


@lru_cache(maxsize=4096)
def image_bytes(path: str) -> bytes:
    """The image of a path: the same bytes for the same path, and different bytes for different paths."""
    digest = hashlib.sha256(path.encode()).digest()
    gradient = Image.linear_gradient("L").resize((_SIDE, _SIDE)).rotate(90 * (digest[6] % 4))
    picture = ImageOps.colorize(gradient, black=tuple(digest[0:3]), white=tuple(digest[3:6]))
    # Two colours alone could collide, and a lossy format would make similar ones equal.
    for at, byte in enumerate(digest[8:24]):
        picture.paste((byte,) * 3, (8 * (at % 4), 8 * (at // 4), 8 * (at % 4) + 8, 8 * (at // 4) + 8))
    file = io.BytesIO()
    name, _ = _format(path)
    picture.save(file, name)
    return file.getvalue()


def _format(path: str) -> tuple[str, str]:
    return _FORMATS.get(posixpath.splitext(path)[1].lower(), _JPEG)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serves images on loopback until Ctrl-C.")
    parser.add_argument("--port", type=int, default=0, help="port to bind, 0 for a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--any", action="store_true", help="answer every path with an image")
    arguments = parser.parse_args()
    with ImageHost(latency_s=arguments.latency, any_path=arguments.any, port=arguments.port) as host:
        print(f"Serving images on {host.url}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
