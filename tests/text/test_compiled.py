"""Machine code is compiled once, and what an image brings is used where only another folder can be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NUMBER = """
import numpy as np
from actors.text.fast.windows import Windows, _number
assert Windows().number(np.arange(3))[0].tolist() == [0, 1, 2]
print(sum(_number.stats.cache_hits.values()), sum(_number.stats.cache_misses.values()))
"""


def hits_and_misses(**environment: Path) -> list[int]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **{name: str(path) for name, path in environment.items()}}
    run = subprocess.run([sys.executable, "-c", NUMBER], env=environ, capture_output=True, text=True, check=True)
    return [int(count) for count in run.stdout.split()]


def test_shipped_code_is_not_compiled_again(tmp_path: Path) -> None:
    shipped, kept = tmp_path / "shipped", tmp_path / "kept"
    assert hits_and_misses(NUMBA_CACHE_DIR=shipped) == [0, 1]
    assert hits_and_misses(NUMBA_CACHE_DIR=kept, SHIPPED_NUMBA_CACHE_DIR=shipped) == [1, 0]
    shutil.rmtree(shipped)
    assert hits_and_misses(NUMBA_CACHE_DIR=kept, SHIPPED_NUMBA_CACHE_DIR=shipped) == [1, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["kept"], "nothing else is left behind"
