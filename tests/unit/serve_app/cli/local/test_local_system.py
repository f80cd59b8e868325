from __future__ import annotations

from dataclasses import asdict
from unittest import mock

import pytest

from serve_app.cli.client.endpoint import Endpoint
from serve_app.cli.local.local_system import LocalSystem, LocalSystemOptions
from serve_app.config.settings import Settings

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
