from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors.errors import Code, DropforgeError
from serve_app.config.config_file import CONFIG
from serve_app.config.retry_policies import StagePolicies
from serve_app.config.serve_config import read_config


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    return yaml.safe_load(CONFIG.read_text())


def faults_of(config: object, folder: Path) -> str:
    path = folder / "serve.yaml"
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(DropforgeError) as raised:
        read_config(path)
    assert raised.value.code is Code.BAD_SETTINGS
    return raised.value.message


def test_the_shipped_file_passes() -> None:
    config = read_config(CONFIG)
    assert [application["name"] for application in config["applications"]] == ["dropforge"]


def test_the_shipped_policies_are_policies(shipped: dict[str, Any]) -> None:
    (ingress,) = [d for d in shipped["applications"][0]["deployments"] if d["name"] == "Ingress"]
    assert set(ingress["user_config"]) == set(StagePolicies.model_fields)
    StagePolicies.model_validate(ingress["user_config"])


Change = Callable[[dict[str, Any]], None]


def deployment(config: dict[str, Any], name: str) -> dict[str, Any]:
    return next(d for d in config["applications"][0]["deployments"] if d["name"] == name)


MISSPELT: list[tuple[Change, str]] = [
    (lambda c: c.update(http_option={}), "serve.yaml: unknown name 'http_option'; did you mean 'http_options'?"),
    (lambda c: c["http_options"].update(prot=1), "serve.yaml.http_options: unknown name 'prot'; did you mean 'port'?"),
    (
        lambda c: c["logging_config"].update(loglevel="INFO"),
        "serve.yaml.logging_config: unknown name 'loglevel'; did you mean 'log_level'?",
    ),
    (
        lambda c: c["applications"][0].update(import_pth="x"),
        "serve.yaml.applications[dropforge]: unknown name 'import_pth'; did you mean 'import_path'?",
    ),
    (
        lambda c: deployment(c, "Cleaner").update(max_ongoing_request=1),
        "serve.yaml.applications[dropforge].deployments[Cleaner]: unknown name 'max_ongoing_request'; did you mean "
        "'max_ongoing_requests'?",
    ),
    (
        lambda c: deployment(c, "Cleaner")["autoscaling_config"].update(max_replica=9),
        "serve.yaml.applications[dropforge].deployments[Cleaner].autoscaling_config: unknown name 'max_replica'; did "
        "you mean 'max_replicas'?",
    ),
    (
        lambda c: deployment(c, "Cleaner")["ray_actor_options"].update(num_cpu=1),
        "serve.yaml.applications[dropforge].deployments[Cleaner].ray_actor_options: unknown name 'num_cpu'; did you "
        "mean 'num_cpus'?",
    ),
    (
        lambda c: deployment(c, "Ingress")["user_config"].update(cleen={}),
        "serve.yaml: Ingress.user_config: unknown name 'cleen'; did you mean 'clean'?",
    ),
    (
        lambda c: deployment(c, "Ingress")["user_config"]["clean"].update(attempt=3),
        "serve.yaml: Ingress.user_config.clean: unknown name 'attempt'; did you mean 'attempts'?",
    ),
    (lambda c: c["applications"][0]["args"].update(shard_row=1), "args: unknown name 'shard_row'; did you mean"),
    (
        lambda c: c["applications"][0]["args"].update(catalogue={"columns": {"brands": "sku"}}),
        "args.catalogue.columns: unknown name 'brands'; did you mean 'brand'?",
    ),
]


@pytest.mark.parametrize(("change", "told"), MISSPELT, ids=[told[:60] for _, told in MISSPELT])
def test_a_misspelt_name_is_told_with_the_nearest(
    shipped: dict[str, Any], change: Change, told: str, tmp_path: Path
) -> None:
    config = copy.deepcopy(shipped)
    change(config)
    assert faults_of(config, tmp_path).startswith(told)


def test_every_misspelt_name_is_told(shipped: dict[str, Any], tmp_path: Path) -> None:
    config = copy.deepcopy(shipped)
    config["htp_options"] = {}
    deployment(config, "Writer")["num_replica"] = 1
    assert len(faults_of(config, tmp_path).splitlines()) == 2


@pytest.mark.parametrize(
    "text", ["", "[]", "applications: 5", "just text", "a: [", "applications: [{}]", "\x00"], ids=repr
)
def test_what_is_no_serve_config_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text(text)
    with pytest.raises(DropforgeError, match=r"serve\.yaml") as raised:
        read_config(path)
    assert raised.value.code is Code.BAD_SETTINGS


def test_a_value_serve_refuses_is_a_bad_setting(shipped: dict[str, Any], tmp_path: Path) -> None:
    config = copy.deepcopy(shipped)
    deployment(config, "Writer")["num_replicas"] = -1
    assert "num_replicas" in faults_of(config, tmp_path)


def test_a_policy_that_makes_no_sense_is_a_bad_setting(shipped: dict[str, Any], tmp_path: Path) -> None:
    config = copy.deepcopy(shipped)
    deployment(config, "Ingress")["user_config"]["clean"]["attempts"] = 0
    assert faults_of(config, tmp_path).startswith("serve.yaml: Ingress.user_config.clean.attempts: ")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DropforgeError, match="can't be read") as raised:
        read_config(tmp_path / "none.yaml")
    assert raised.value.code is Code.BAD_SETTINGS
