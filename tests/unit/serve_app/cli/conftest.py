from __future__ import annotations

from tests.support.command import api, folder

__all__ = ["api", "folder"]
