"""Asks Chromium for the request target of each URL in `browser_targets`, and writes that module anew.

    python -m tests.browser_urls

A row is added by hand with None for its target. CI does not run this; it compares what we request with what is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click
from playwright.async_api import Browser, async_playwright

from tests.support.browser import EXECUTABLE, MISSING
from tests.unit.actors.images import browser_targets as table
from tests.unit.actors.images.downloads import filled, raw_redirect
from tests.unit.actors.images.origin import HOST, Origin, running_origin

FILE = Path(table.__file__)

# The page has no base URL, so that an incomplete text is not completed with the page's, and is UTF-8, which queries
# are encoded in.
_PAGE = "data:text/html;charset=utf-8,<!doctype html>"
_IMAGE = """text => new Promise(done => {
    const image = new Image();
    image.onload = image.onerror = done;
    setTimeout(done, 1000);
    image.src = text;
})"""

_MODULE = '''"""What Chromium asks a server for, per URL. `python -m tests.browser_urls` writes this module.

{version}. `HOST` and `OTHER` stand for two servers with their ports, `PORT` for the port of the first.
"""

# ruff: noqa: E501

from __future__ import annotations

DIRECT: list[tuple[str, str | None]] = [
{direct}]  # fmt: skip
"""The text of a catalogue, and the request target; None where Chromium sends no request."""

REDIRECTS: list[tuple[str, bytes, str | None]] = [
{redirects}]  # fmt: skip
"""The URL that redirects, the bytes of its Location header, and the request target."""

REFUSED: list[tuple[str, str | None, str]] = [
{refused}]  # fmt: skip
"""What we refuse on purpose, as in `DIRECT`, and why."""

REFUSED_REDIRECTS: list[tuple[str, bytes, str | None, str]] = [
{refused_redirects}]  # fmt: skip
"""What we refuse on purpose, as in `REDIRECTS`, and why."""
'''


class Asked:
    """Chromium, and the two servers that it is sent to."""

    def __init__(self, browser: Browser, host: Origin, other: Origin) -> None:
        self._browser = browser
        self._host = host
        self._other = other

    async def direct(self, text: str) -> str | None:
        return await self._target(text, after=0)

    async def redirected(self, url: str, location: bytes) -> str | None:
        path = url.removeprefix("http://HOST")
        self._host.says(path, raw_redirect(filled(location, self._host, self._other)))
        target = await self._target(url, after=1)
        del self._host.answers[path]
        return target

    async def _target(self, text: str, *, after: int) -> str | None:
        self._host.requests.clear()
        self._other.requests.clear()
        page = await self._browser.new_page()
        await page.goto(_PAGE)
        await page.evaluate(_IMAGE, filled(text, self._host, self._other))
        await page.close()
        targets = [each.path for each in self._host.requests[after:] + self._other.requests]
        return targets[0].replace(f"{HOST}:{self._other.port}", "OTHER") if targets else None


def _rows(rows: Sequence[tuple[object, ...]]) -> str:
    return "".join(f"    ({', '.join(map(_literal, row))}),\n" for row in rows)


def _literal(value: object) -> str:
    if isinstance(value, str) and value.isprintable() and "\\" not in value and '"' not in value:
        return f'"{value}"'
    return repr(value)


async def _module() -> str:
    async with running_origin() as host, running_origin() as other, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=EXECUTABLE,
            args=["--no-sandbox", "--no-proxy-server", "--disable-features=LocalNetworkAccessChecks"],
        )
        asked = Asked(browser, host, other)
        direct = [(text, await asked.direct(text)) for text, _ in table.DIRECT]
        redirects = [(url, to, await asked.redirected(url, to)) for url, to, _ in table.REDIRECTS]
        refused = [(text, await asked.direct(text), why) for text, _, why in table.REFUSED]
        refused_redirects = [
            (url, to, await asked.redirected(url, to), why) for url, to, _, why in table.REFUSED_REDIRECTS
        ]
        version = f"Chromium {browser.version}"
        await browser.close()
    return _MODULE.format(
        version=version,
        direct=_rows(direct),
        redirects=_rows(redirects),
        refused=_rows(refused),
        refused_redirects=_rows(refused_redirects),
    )


@click.command(help=__doc__)
def main() -> None:
    if EXECUTABLE is None:
        raise click.ClickException(MISSING)
    FILE.write_text(asyncio.run(_module()))


if __name__ == "__main__":
    main()
