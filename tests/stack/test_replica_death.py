"""A replica that is killed in the middle of a run costs time, and nothing else."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from stack import UNWATCHED, Stack

CLEANER = b"ray::ServeReplica:dropforge:Cleaner"


def cleaners() -> list[int]:
    """Processes of the Cleaner's replicas that this process is the origin of."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            ours = (folder / "cmdline").read_bytes().startswith(CLEANER) and os.getpid() in ancestors(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
        if ours:
            found.append(int(folder.name))
    return found


def ancestors(pid: int) -> list[int]:
    line: list[int] = []
    while pid > 1:
        stat = Path(f"/proc/{pid}/stat").read_text()
        pid = int(stat.rpartition(")")[2].split()[1])
        line.append(pid)
    return line


def test_killing_a_cleaner_changes_no_byte(stack: Stack, sample: bytes) -> None:
    undisturbed = stack.drop(f"{UNWATCHED}undisturbed.csv", sample)
    stack.accept(undisturbed, fetch_images=False, shard_rows=400)
    expected = stack.output_of(stack.done(undisturbed))

    drop = stack.drop(f"{UNWATCHED}disturbed.csv", sample)
    run = stack.accept(drop, fetch_images=False, shard_rows=2)
    records = stack.ledger.records(run.run_id)
    stack.until("The first parts", lambda: len(stack.names(records.names.parts)) >= 5)
    before = cleaners()
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    assert records.manifest() is None

    manifest = stack.done(drop)
    assert stack.output_of(manifest) == expected
    assert manifest.shards == 400
    stack.until("A new Cleaner", lambda: len(cleaners()) == 2 and before[0] not in cleaners())
