"""Debian's Chromium, driven by Playwright: it must find every page by what people see and hear of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from .tools import WANTED

EXECUTABLE = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MISSING = WANTED["Chromium"]

DESKTOP = {"width": 1200, "height": 900}
PHONE = {"width": 360, "height": 740}

_WAIT_MS = 60_000
"""Of a machine that others use too; nothing is asserted about time."""

expect.set_options(timeout=_WAIT_MS)


@contextmanager
def running_browser() -> Iterator[Browser]:
    assert EXECUTABLE is not None, MISSING
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=EXECUTABLE,
            args=["--no-sandbox", "--no-proxy-server"],
        )
        yield browser
        browser.close()


@dataclass
class Tab:
    """A page and what went wrong in it: errors of scripts, and whatever its content policy stopped."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def wide(self) -> bool:
        """Whether a person must scroll sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@contextmanager
def open_tab(browser: Browser, url: str, **options: Any) -> Iterator[Tab]:
    """A fresh visitor. Fails where a page had anything to complain about."""
    context = browser.new_context(base_url=url, **{"viewport": DESKTOP, **options})
    context.set_default_timeout(_WAIT_MS)
    tab = Tab(context.new_page())

    def told(message: ConsoleMessage) -> None:
        if message.type == "error":
            tab.complaints.append(message.text)

    tab.page.on("console", told)
    tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    try:
        yield tab
        assert tab.complaints == []
    finally:
        context.close()
