"""Writes the RayService's Serve config from the one serve_config.yaml, with each deployment's place in the cluster.

`python -m infra.kubernetes.serve_config` after a change of serve_config.yaml; a test fails until it is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

GROUPS = {
    "Ingress": "core",
    "Attributes": "core",
    "Writer": "core",
    "Cleaner": "cleaner",
    "ImageFetcher": "fetcher",
}
"""Worker group of each deployment. The groups differ in permissions and in what of the network they reach."""

LABEL = "dropforge/group"
"""Ray node label that each worker group in ray-service.yaml carries."""

SOURCE = Path(__file__).resolve().parents[2] / "serve_config.yaml"
TARGET = Path(__file__).resolve().parent / "base" / "serve-config.yaml"


def placed(config: dict[str, Any]) -> dict[str, Any]:
    """The config with a label selector on every deployment. Raises `KeyError` for a deployment without a group."""
    applications = [
        application | {"deployments": [_placed(deployment) for deployment in application["deployments"]]}
        for application in config["applications"]
    ]
    return config | {"applications": applications}


def patch() -> str:
    """The kustomize patch that gives the RayService its `serveConfigV2`."""
    config = placed(yaml.safe_load(SOURCE.read_text()))
    text = yaml.safe_dump(config, sort_keys=False, width=110)
    indented = "".join(f"    {line}\n" for line in text.splitlines())
    return (
        "# Written by `python -m infra.kubernetes.serve_config`; change serve_config.yaml instead.\n"
        "apiVersion: ray.io/v1\n"
        "kind: RayService\n"
        "metadata:\n"
        "  name: dropforge\n"
        "spec:\n"
        f"  serveConfigV2: |\n{indented}"
    )


def _placed(deployment: dict[str, Any]) -> dict[str, Any]:
    options = deployment.get("ray_actor_options") or {}
    selector = {LABEL: GROUPS[deployment["name"]]}
    return deployment | {"ray_actor_options": options | {"label_selector": selector}}


if __name__ == "__main__":
    TARGET.write_text(patch())
