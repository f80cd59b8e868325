"""Compiles a function of numbers and arrays to machine code, which numba keeps on disk.

It is kept beside the source, else below the user's cache folder; `NUMBA_CACHE_DIR` names another one. A container image
brings code that was compiled with it: numba writes to each folder that it reads from, so the code is copied from
`SHIPPED_NUMBA_CACHE_DIR` to `NUMBA_CACHE_DIR` first. Code for another processor is not taken, and compiled anew. Code
compiled with other `_ROUNDING` is: after a change of it, remove the `__pycache__` of this folder.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba

_P = ParamSpec("_P")
_R = TypeVar("_R")

_ROUNDING = {"contract", "reassoc", "nnan", "nsz"}
"""Sums may be taken in another order, as `exact` allows for, and there is no NaN. Infinity stays what it is."""


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """The function, compiled on its first call. It checks no index and lets go of Python's lock."""
    compile_ = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_ROUNDING)
    return cast(Callable[_P, _R], compile_(function))


def _bring(shipped: Path, kept: Path) -> None:
    if kept.exists():
        return
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        copy = shutil.copytree(shipped, Path(folder) / kept.name)
        try:
            copy.rename(kept)
        except OSError:
            if not kept.exists():  # else another process was first
                raise


_shipped, _kept = os.environ.get("SHIPPED_NUMBA_CACHE_DIR"), os.environ.get("NUMBA_CACHE_DIR")
if _shipped and _kept:
    _bring(Path(_shipped), Path(_kept))
