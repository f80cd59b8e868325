"""Kubernetes manifests as a test reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "infra" / "kubernetes"
TERRAFORM = ROOT / "infra" / "terraform"


@dataclass(frozen=True, slots=True)
class Pods:
    """One kind of pod of the Ray cluster; `labels` are those it has when the operator has made it."""

    group: str
    template: dict[str, Any]
    labels: dict[str, str]

    @property
    def spec(self) -> dict[str, Any]:
        return self.template["spec"]

    @property
    def container(self) -> dict[str, Any]:
        (container,) = self.spec["containers"]
        return container

    def env(self, name: str) -> str | None:
        return next((entry.get("value") for entry in self.container["env"] if entry["name"] == name), None)


@dataclass(frozen=True, slots=True)
class Manifests:
    documents: list[dict[str, Any]]

    def kind(self, kind: str) -> list[dict[str, Any]]:
        return [document for document in self.documents if document["kind"] == kind]

    @property
    def service(self) -> dict[str, Any]:
        (service,) = self.kind("RayService")
        return service

    @property
    def cluster(self) -> dict[str, Any]:
        return self.service["spec"]["rayClusterConfig"]

    @property
    def serve_config(self) -> dict[str, Any]:
        return yaml.safe_load(self.service["spec"]["serveConfigV2"])

    @property
    def deployments(self) -> dict[str, dict[str, Any]]:
        (application,) = self.serve_config["applications"]
        return {deployment["name"]: deployment for deployment in application["deployments"]}

    @property
    def worker_groups(self) -> dict[str, dict[str, Any]]:
        return {group["groupName"]: group for group in self.cluster["workerGroupSpecs"]}

    def pods(self) -> Iterator[Pods]:
        head = self.cluster["headGroupSpec"]["template"]
        yield _pods("headgroup", "head", head)
        for name, group in self.worker_groups.items():
            yield _pods(name, "worker", group["template"])

    def group(self, name: str) -> Pods:
        return next(pods for pods in self.pods() if pods.group == name)


def base() -> Manifests:
    """The base without kustomize: its resources, and the one patch merged."""
    folder = KUBERNETES / "base"
    documents: list[dict[str, Any]] = []
    for resource in yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]:
        documents.extend(yaml.safe_load_all((folder / resource).read_text()))
    manifests = Manifests(documents)
    patch = yaml.safe_load((folder / "serve-config.yaml").read_text())
    manifests.service["spec"]["serveConfigV2"] = patch["spec"]["serveConfigV2"]
    return manifests


def _pods(group: str, node_type: str, template: dict[str, Any]) -> Pods:
    operators = {"ray.io/group": group, "ray.io/node-type": node_type, "ray.io/is-ray-node": "yes"}
    return Pods(group, template, template["metadata"]["labels"] | operators)
