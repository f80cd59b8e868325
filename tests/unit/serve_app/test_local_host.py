"""What the host on one machine makes of the config file."""

from __future__ import annotations

from typing import Any

import pytest

from serve_app import local_host as host
from serve_app.config.config_file import CONFIG
from serve_app.config.serve_config import read_config
from serve_app.local_host import Host, HostOptions


def cleaner(config: dict[str, Any]) -> dict[str, Any]:
    (application,) = config["applications"]
    (deployment,) = [each for each in application["deployments"] if each["name"] == "Cleaner"]
    return deployment


@pytest.mark.parametrize(("cores", "counts"), [(1, (1, 1, 1)), (2, (1, 2, 2)), (8, (1, 2, 8)), (128, (1, 2, 64))])
def test_no_more_cleaners_than_cores_are_started(
    monkeypatch: pytest.MonkeyPatch, cores: int, counts: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(host, "_CORES", cores)
    scaling = cleaner(Host(HostOptions(port=1, settings={}))._config())["autoscaling_config"]
    assert (scaling["min_replicas"], scaling["initial_replicas"], scaling["max_replicas"]) == counts
    unbounded = cleaner(read_config(CONFIG))["autoscaling_config"]
    assert {name: scaling[name] for name in unbounded if "replicas" not in name} == {
        name: value for name, value in unbounded.items() if "replicas" not in name
    }


def test_a_number_that_was_asked_for_goes_before_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_CORES", 1)
    deployment = cleaner(Host(HostOptions(port=1, settings={}, replicas={"Cleaner": 3}))._config())
    assert deployment["num_replicas"] == 3
    assert "autoscaling_config" not in deployment
