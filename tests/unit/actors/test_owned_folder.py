"""Folders that go with their owner, and those of dead owners with the next one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from actors.owned_folder import owned_folder, sweep

ROOT = Path(__file__).resolve().parents[3]


def left_by_a_killed_owner(parent: Path) -> Path:
    """A folder whose owner was killed, and that has something in it."""
    code = (
        "import sys, time; from pathlib import Path; from actors.owned_folder import owned_folder\n"
        "with owned_folder('ray-', Path(sys.argv[1])) as folder:\n"
        "    (folder / 'session').mkdir(); (folder / 'session' / 'log').write_text('x')\n"
        "    print(folder, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(parent)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    ) as owner:  # fmt: skip
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().strip())
        swept = sweep("ray-", parent)
        owner.send_signal(signal.SIGKILL)
    assert swept == []
    return folder


def test_it_goes_with_its_block(tmp_path: Path) -> None:
    with contextlib.suppress(KeyError), owned_folder("ray-", tmp_path) as folder:
        (folder / "a").write_text("x")
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_the_next_removes_what_a_killed_owner_left(tmp_path: Path) -> None:
    left = left_by_a_killed_owner(tmp_path)
    assert left.is_dir()
    with owned_folder("ray-", tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]


def test_nothing_else_is_removed(tmp_path: Path) -> None:
    left = left_by_a_killed_owner(tmp_path)
    kept = [tmp_path / name for name in ("other-1", "ray-without-owner")]
    for folder in kept:
        folder.mkdir()
    left.rename(tmp_path / "elsewhere")
    (tmp_path / "ray-link").symlink_to(tmp_path / "elsewhere")
    with owned_folder("ray-", tmp_path) as living, owned_folder("ray-", tmp_path):
        assert sweep("ray-", tmp_path) == []
        assert living.is_dir()
    assert {path.name for path in tmp_path.iterdir()} == {"other-1", "ray-without-owner", "elsewhere", "ray-link"}
    assert (tmp_path / "elsewhere" / "session" / "log").is_file()
