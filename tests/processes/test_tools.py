"""Skips for want of a tool are told, and fail where tools are needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tools import WANTED

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = f"""
import pytest


@pytest.mark.skipif(True, reason={WANTED["Chromium"]!r})
@pytest.mark.parametrize("number", range(3))
def test_a_page(number): ...


@pytest.mark.skip(reason="Google's emulator is not installed")
def test_another(): ...


def test_it_runs(): ...
"""


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_skipped.py").write_text(SKIPPED)
    plugin = ("-p", "tests.support.skipped_for_tools", "-p", "no:cacheprovider", "-q")
    command = [sys.executable, "-m", "pytest", "--rootdir", str(folder), *plugin, *options, str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one", "two workers"])
def test_skips_are_told_and_fail_where_tools_are_needed(tmp_path: Path, workers: tuple[str, ...]) -> None:
    plain = run(tmp_path, *workers)
    assert (plain.returncode, "skipped: 3 for want of Chromium" in plain.stdout) == (0, True), plain.stdout
    needed = run(tmp_path, *workers, "--need-tools")
    assert (needed.returncode, "skipped: 3 for want of Chromium" in needed.stdout) == (1, True), needed.stdout


def test_other_skips_do_not_count(tmp_path: Path) -> None:
    assert run(tmp_path, "--need-tools", "-k", "another or runs").returncode == 0
