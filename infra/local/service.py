"""A server program as a child process: starts it, waits until it is ready, kills it, starts it again."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Protocol

from actors.errors import Code, DropforgeError

from . import guard
from .port import HOST, free_port, is_free

_POLL_S = 0.02
_STOP_S = 5.0
_TRIES = 5
_LOG_LINES = 15


class Program(Protocol):
    """What to run. `ready_line` matches in the log once the port is bound, within `start_s` seconds."""

    name: ClassVar[str]
    ready_line: ClassVar[re.Pattern[str]]
    start_s: ClassVar[float]

    def command(self, port: int) -> list[str]: ...

    def environment(self) -> Mapping[str, str]: ...


class Service:
    """One program on one loopback port. `kill` and then `start` keep the port and the program's state.

    The child runs below a guard (guard.py) in a process group of its own, so that it ends with this process, however
    this process ends. Every failure raises `LOCAL_CLOUD` with the last lines of the child's log.
    """

    def __init__(self, program: Program, log: Path, *, scratch: Path | None, prepare: Callable[[], None]) -> None:
        """`prepare` is called whenever the program is ready; `scratch` is a folder to delete after a crash."""
        self._program = program
        self._log = log
        self._scratch = scratch
        self._prepare = prepare
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._port = 0

    @property
    def port(self) -> int:
        return self._port

    @property
    def address(self) -> str:
        return f"{HOST}:{self._port}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Returns when the program is ready and `prepare` is done. The first start picks the port."""
        if self.running:
            raise self._failure("is already running: stop or kill it first")
        fixed = self._port != 0
        for _ in range(_TRIES):
            port = self._port if fixed else free_port()
            self._spawn(port)
            if self._becomes_ready(port):
                self._port = port
                self._prepare()
                return
            if fixed or is_free(port):
                break
        raise self._failure("ended before it was ready")

    def stop(self) -> None:
        """Ends the program by SIGTERM, and after 5 s by SIGKILL. Does nothing if it is not running."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends the program by SIGKILL, as in a crash: it can flush nothing."""
        self._end(signal.SIGKILL)

    def _spawn(self, port: int) -> None:
        arguments = [str(os.getpid()), str(self._scratch or ""), *self._program.command(port)]
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, *arguments],
                env={**os.environ, **self._program.environment()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _becomes_ready(self, port: int) -> bool:
        deadline = time.monotonic() + self._program.start_s
        while self.running:
            if self._program.ready_line.search(self._new_log()) and _accepts(port):
                return True
            if time.monotonic() > deadline:
                self.kill()
                raise self._failure(f"was not ready after {self._program.start_s:.0f} s and was ended")
            time.sleep(_POLL_S)
        return False

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        # The guard may end before the program does. If the port stays in use, the next start reports it.
        deadline = time.monotonic() + _STOP_S
        while self._port and not is_free(self._port) and time.monotonic() < deadline:
            time.sleep(_POLL_S)

    def _new_log(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode("utf-8", "replace")

    def _failure(self, problem: str) -> DropforgeError:
        lines = self._new_log().splitlines()[-_LOG_LINES:] if self._log.exists() else []
        shown = "\n".join(f"  {line}" for line in lines) or "  (nothing)"
        return DropforgeError(
            Code.LOCAL_CLOUD, f"The local {self._program.name} {problem}. The end of {self._log}:\n{shown}"
        )


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
