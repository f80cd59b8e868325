"""Manifests against the schemas of their kinds, strictly."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.shared_data import FOLDER

from .crd_schema import validators
from .manifests import Manifests, base
from .tools import run_tool

CRDS = FOLDER / "crds"

needs_crds = pytest.mark.skipif(not CRDS.is_dir(), reason="../shared/data/crds is not there")

Change = Callable[[dict[str, Any]], None]


def problems(document: dict[str, Any]) -> list[str]:
    validator = validators(CRDS)[document["apiVersion"], document["kind"]]
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(document)]


@needs_crds
def test_custom_resources_are_valid(manifests: Manifests) -> None:
    for document in (*manifests.kind("RayService"), *manifests.kind("PodMonitoring")):
        assert problems(document) == []


def _cluster(service: dict[str, Any]) -> dict[str, Any]:
    return service["spec"]["rayClusterConfig"]


CHANGES: dict[str, Change] = {
    "misspelt field": lambda s: s["spec"].update(serveConfig=s["spec"].pop("serveConfigV2")),
    "misspelt field of a pod": lambda s: _cluster(s)["headGroupSpec"]["template"]["spec"].update(serviceAcount="head"),
    "missing group name": lambda s: _cluster(s)["workerGroupSpecs"][0].pop("groupName"),
    "missing bound": lambda s: _cluster(s)["workerGroupSpecs"][0].pop("maxReplicas"),
    "missing head": lambda s: _cluster(s).pop("headGroupSpec"),
    "text for a number": lambda s: _cluster(s)["workerGroupSpecs"][0].update(minReplicas="2"),
    "number for a text": lambda s: _cluster(s)["headGroupSpec"]["rayStartParams"].update({"num-cpus": 0}),
    "unknown mode": lambda s: _cluster(s)["authOptions"].update(mode="tokens"),
    "unknown autoscaler": lambda s: _cluster(s)["autoscalerOptions"].update(version="v3"),
}


@needs_crds
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_mistake_is_seen(change: Change) -> None:
    service = copy.deepcopy(base().service)
    change(service)

    assert problems(service)


@pytest.mark.slow
def test_core_resources_and_pods_are_valid(manifests: Manifests, tmp_path: Path) -> None:
    """Also the templates inside the RayService, as the pods that the operator makes of them."""
    core = [document for document in manifests.documents if document["kind"] not in ("RayService", "PodMonitoring")]
    pods = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pods.group}, "spec": pods.spec}
        for pods in manifests.pods()
    ]
    file = tmp_path / "manifests.yaml"
    file.write_text(yaml.safe_dump_all([*core, *pods]))

    run_tool("kubernetes-validate==1.37.0", "--strict", "--kubernetes-version", "1.33", str(file))
