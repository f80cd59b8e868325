"""Runs a command, and kills it when the parent process is gone.

    python guard.py PARENT_PID SCRATCH_DIR COMMAND...

SCRATCH_DIR (may be empty) is deleted when the parent died without cleaning up. This is a process of its own because
PR_SET_PDEATHSIG fires when the *thread* that started the child ends, needs code between fork and exec in a parent with
gRPC threads, and exists on Linux only. It imports nothing of the project, so that it starts in 20 ms.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

POLL_S = 0.1
MAX_LOG_BYTES = 16 << 20


def main(parent: int, scratch: str, command: list[str]) -> int:
    # The command gets the process group's signals too; the guard waits until it ends by itself. This is a handler
    # rather than SIG_IGN, which the command would inherit.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    child = subprocess.Popen(command)
    while child.poll() is None:
        if os.getppid() != parent:
            child.kill()
            child.wait()
            if scratch:
                shutil.rmtree(scratch, ignore_errors=True)
            return 1
        if os.fstat(1).st_size > MAX_LOG_BYTES:
            os.ftruncate(1, 0)
        time.sleep(POLL_S)
    return child.returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
