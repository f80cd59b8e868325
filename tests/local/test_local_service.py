"""A server program as a child process: its start, its failures, its end."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

import infra.local.service
from actors.errors import Code, DropforgeError
from infra.local.port import free_port, is_free
from infra.local.service import Service


class Script:
    """A program made of a line of Python that is given the port as its argument."""

    name: ClassVar[str] = "script"
    ready_line: ClassVar[re.Pattern[str]] = re.compile("serving")
    start_s: ClassVar[float] = 10.0

    def __init__(self, code: str) -> None:
        self._code = code

    def command(self, port: int) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", self._code, str(port)]

    def environment(self) -> dict[str, str]:
        return {}


SERVE = (
    "import socket, sys, time; listener = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
    "print('serving', flush=True); time.sleep(60)"
)


@pytest.fixture
def service_of(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    services: list[Service] = []

    def make(code: str, prepare: Callable[[], None] = lambda: None) -> Service:
        services.append(Service(Script(code), tmp_path / "log" / "script.log", scratch=None, prepare=prepare))
        return services[-1]

    yield make
    for service in services:
        service.kill()


def test_a_program_that_fails_to_start_is_shown_with_its_log(service_of: Callable[..., Service]) -> None:
    service = service_of("print('first', flush=True); raise SystemExit('no such disk')")

    with pytest.raises(
        DropforgeError, match=r"(?s)script ended before it was ready.*\n  first\n  no such disk"
    ) as raised:
        service.start()

    assert raised.value.code is Code.LOCAL_CLOUD
    assert not service.running


def test_a_program_that_is_never_ready_is_ended(
    service_of: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Script, "start_s", 3.0)
    service = service_of("import time; print('thinking', flush=True); time.sleep(60)")

    with pytest.raises(DropforgeError, match=r"(?s)was not ready after.*\n  thinking"):
        service.start()

    assert not service.running


def test_another_port_is_taken_when_the_first_was_lost(
    service_of: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as winner:
        lost, free = winner.getsockname()[1], free_port()
        ports = iter([lost, free])
        monkeypatch.setattr(infra.local.service, "free_port", lambda: next(ports))
        service = service_of(SERVE)
        service.start()

    assert service.port == free
    assert service.running


def test_a_restart_keeps_the_port_and_prepares_again(service_of: Callable[..., Service]) -> None:
    prepared: list[str] = []
    service = service_of(SERVE, lambda: prepared.append("again"))
    service.start()
    port = service.port
    with pytest.raises(DropforgeError, match="is already running"):
        service.start()

    service.kill()
    assert not service.running
    assert is_free(port)
    service.start()

    assert service.port == port
    assert len(prepared) == 2


def test_a_program_that_ignores_the_polite_signal_is_killed(
    service_of: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infra.local.service, "_STOP_S", 0.3)
    service = service_of("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SERVE)
    service.start()

    service.stop()

    assert is_free(service.port)


def test_a_signal_to_stop_reaches_the_program_itself(service_of: Callable[..., Service]) -> None:
    service = service_of(
        "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit(0)));" + SERVE
    )
    service.start()
    service.stop()

    assert service._log.read_text().splitlines() == ["serving", "bye"]
