from __future__ import annotations

import pytest

from serve_app.cli.client import follow


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that follows a run sees each scripted answer soon."""
    monkeypatch.setattr(follow, "_EVERY_S", 0.01)
