"""`serve status`, `/health`, the page and `dropforge status` say the same of a replica that was killed, all in time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest
import yaml
from playwright.sync_api import Page

from serve_app.config.config_file import CONFIG
from tests.support.browser import EXECUTABLE, MISSING, open_tab, running_browser
from tests.support.processes import replicas
from tests.support.stack import Stack

VICTIM = "Attributes"
HEALTHY = dict.fromkeys(("Ingress", "Attributes", "Cleaner", "ImageFetcher", "Writer"), "HEALTHY")

Statuses = dict[str, str]

_COMMAND_S = 60


def by_health(stack: Stack) -> Statuses:
    return {name: one["status"] for name, one in stack.call("GET", "/health").json()["deployments"].items()}


def by_dropforge_status(stack: Stack) -> Statuses:
    command = ["-c", "from serve_app.cli import main; main()", "status", "--json", "--url", stack.url]
    answer = json.loads(_output_of(command))
    return {name: one["status"] for name, one in answer["deployments"].items()}


def by_serve_status(stack: Stack) -> Statuses:
    assert stack.dashboard_url is not None
    answer = yaml.safe_load(_output_of(["-m", "ray.serve.scripts", "status", "--address", stack.dashboard_url]))
    deployments = answer["applications"]["dropforge"]["deployments"]
    return {name: one["status"] for name, one in deployments.items()}


def _output_of(command: list[str]) -> str:
    return subprocess.run(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True, timeout=_COMMAND_S, check=False
    ).stdout


def by_page(page: Page) -> Statuses:
    """Read off the table, without asking for the page anew."""
    rows = page.get_by_role("region", name="Deployments").get_by_role("row").filter(has=page.get_by_role("rowheader"))
    cells = rows.evaluate_all(
        "rows => rows.map(row => [row.cells[0], row.cells[1]].map(cell => cell.innerText.trim()))"
    )
    return {name.strip(): status.strip().upper() for name, status in cells}


@dataclass
class Observer(threading.Thread):
    """Looks again and again until it has seen the victim down, `shown_s` after the last kill it was told of."""

    what: str
    look: Callable[[], Statuses]
    killed_at: Callable[[], float]
    shown_s: float | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(name=self.what, daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        while self.shown_s is None and not self.ended.is_set():
            if self.look().get(VICTIM) == "UNHEALTHY":
                self.shown_s = time.monotonic() - self.killed_at()


@contextmanager
def running(observers: list[Observer]) -> Iterator[None]:
    for observer in observers:
        observer.start()
    try:
        yield
    finally:
        for observer in observers:
            observer.ended.set()
            observer.join(_COMMAND_S)


@pytest.mark.skipif(EXECUTABLE is None, reason=MISSING)
def test_a_killed_replica_shows_everywhere(stack: Stack, record_property: Callable[[str, object], None]) -> None:
    with running_browser() as browser, open_tab(browser, stack.url) as tab:
        tab.page.goto("/")

        def everybody() -> list[Statuses]:
            return [by_page(tab.page), by_health(stack), by_dropforge_status(stack), by_serve_status(stack)]

        stack.until("Everybody's saying that all is well", lambda: everybody() == [HEALTHY] * 4)

        killed_at = time.monotonic()
        looks = {"/health": by_health, "dropforge status": by_dropforge_status, "serve status": by_serve_status}
        observers = [Observer(name, partial(look, stack), lambda: killed_at) for name, look in looks.items()]
        page_shown_s: float | None = None

        def seen_by_all() -> bool:
            nonlocal page_shown_s, killed_at
            if page_shown_s is None and by_page(tab.page).get(VICTIM) == "UNHEALTHY":
                page_shown_s = time.monotonic() - killed_at
            if page_shown_s is not None and all(observer.shown_s is not None for observer in observers):
                return True
            # A command that takes longer to start than Serve takes to replace a replica is shown another death.
            if time.monotonic() - killed_at > 1 and by_health(stack).get(VICTIM) == "HEALTHY" and _up(before):
                killed_at = time.monotonic()
                before[:] = _kill(VICTIM)
            return False

        before = _kill(VICTIM)
        killed_at = time.monotonic()
        with running(observers):
            stack.until("Everybody's seeing the death", seen_by_all)
        shown = {"page": page_shown_s, **{observer.what: observer.shown_s for observer in observers}}
        for what, seconds in shown.items():
            record_property(what, seconds)
            print(f"{what} showed the killed replica after {seconds:.1f} s")
        stack.until("Everybody's saying that all is well again", lambda: everybody() == [HEALTHY] * 4)


def test_every_deployment_is_looked_at_often_enough() -> None:
    """A death is noticed by the next health check; of the 10 s, the rest is for a page to ask."""
    (application,) = yaml.safe_load(CONFIG.read_text())["applications"]
    periods = {one["name"]: one["health_check_period_s"] for one in application["deployments"]}
    assert periods.keys() == HEALTHY.keys()
    assert max(periods.values()) <= 3


def _kill(deployment: str) -> list[int]:
    victims = replicas()[deployment]
    for process in victims:
        os.kill(process, signal.SIGKILL)
    return victims


def _up(before: list[int]) -> bool:
    """Whether others than these run."""
    return bool(set(replicas()[VICTIM]) - set(before))
