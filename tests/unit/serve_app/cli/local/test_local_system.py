from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast
from unittest import mock

import pytest

from serve_app.cli.client.endpoint import Endpoint
from serve_app.cli.local import local_system
from serve_app.cli.local.local_system import LocalSystem, LocalSystemOptions
from serve_app.cli.screen.complaint import Complaint
from serve_app.config.settings import Settings
from serve_app.local_host import Host

TOKEN = "correct-horse-battery-staple"


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    """Of a system that is started with a token in its environment."""
    with monkeypatch.context() as started:
        started.setenv("DROPFORGE_API_TOKEN", TOKEN)
        system = LocalSystem(LocalSystemOptions(port=8000, settings={"shard_rows": 7}), on_progress=print)
        system.cloud = mock.Mock(environment={})
        assert system.settings.api_token.get_secret_value() == TOKEN
        return system.endpoint


def test_what_other_shells_find_holds_no_secret(endpoint: Endpoint) -> None:
    assert TOKEN not in str(asdict(endpoint))


def test_what_other_shells_find_makes_the_settings_again(endpoint: Endpoint) -> None:
    assert Settings(**endpoint.settings) == Settings(shard_rows=7)


@dataclass
class Parts:
    """A system whose Ray lives for so many looks; `storage` is the state of its object store."""

    looks: int
    storage: bool = True

    @property
    def dead(self) -> list[str]:
        self.looks -= 1
        return [] if self.looks >= 0 else ["raylet (signal 9)"]


@pytest.mark.parametrize(
    ("parts", "state", "said", "attempt"),
    [
        (Parts(0), Path("kept"), "Ray's raylet (signal 9) died", "dropforge up --state kept`: runs go on"),
        (Parts(2), None, "Ray's raylet (signal 9) died", "what it kept in memory is lost"),
        (Parts(9, storage=False), Path("kept"), "the local Cloud Storage died", "--state kept"),
    ],
    ids=str,
)
def test_waiting_ends_with_what_has_died(
    monkeypatch: pytest.MonkeyPatch, parts: Parts, state: Path | None, said: str, attempt: str
) -> None:
    monkeypatch.setattr(local_system, "_LOOK_EVERY_S", 0.001)
    system = LocalSystem(LocalSystemOptions(port=8000, state=state), on_progress=print)
    system.host = cast(Host, parts)
    system.cloud = mock.Mock()
    system.cloud.storage.running = parts.storage
    with pytest.raises(Complaint, match=re.escape(said)) as raised:
        system.wait()
    assert attempt in raised.value.attempt
    assert raised.value.exit_code == 1
