"""What is used of Ray without its promise is there, in the version that was looked through, and used in one place."""

from __future__ import annotations

import ast
import inspect
import io
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
import ray._private.worker
import ray.serve.context
from ray._private.node import Node
from ray.serve._private.client import ServeControllerClient
from ray.serve._private.constants import NO_ROUTES_MESSAGE

from serve_app.cli.client.api import NO_ROUTES
from serve_app.ray_private import (
    CHECKED_WITH,
    ServeClient,
    dead_processes,
    in_folder,
    kill_processes,
    silence_worker_logs,
)

ROOT = Path(__file__).resolve().parents[3]
HERE = {
    "serve_app/ray_private.py",
    "tests/unit/serve_app/test_ray_private.py",
    "tests/unit/actors/test_retry.py",  # makes an error that Serve raises, which takes a deployment's id
}


def test_ray_is_the_version_that_was_looked_through() -> None:
    assert ray.__version__ == CHECKED_WITH, (
        f"serve_app/ray_private.py was checked with Ray {CHECKED_WITH}, and {ray.__version__} is installed. Read there "
        "what it uses and why, look whether Ray offers a public way by now, run `make test` and `make scale`, and set "
        "CHECKED_WITH."
    )


def test_the_version_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"ray[serve]=={CHECKED_WITH}" in project["dependencies"]


def test_serve_has_its_client() -> None:
    assert callable(getattr(ray.serve.context, "_get_global_client", None)), "ray.serve.context._get_global_client"
    for name in ("deploy_apps", "get_serve_details", "http_config"):
        assert hasattr(ServeControllerClient, name), f"ServeControllerClient.{name} is gone"
        assert hasattr(ServeClient, name)
    (first, *others) = list(inspect.signature(ServeControllerClient.deploy_apps).parameters.values())[1:]
    assert first.name == "config"
    assert all(other.default is not other.empty for other in others)


def test_ray_init_takes_the_folder() -> None:
    (option,) = in_folder("/x")
    assert f'kwargs.pop("{option}"' in inspect.getsource(inspect.unwrap(ray.init)), f"ray.init has no {option}"


def test_worker_logs_can_be_silenced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray._private.worker, "_worker_logs_enabled", True)
    assert "told" in _printed("told")
    silence_worker_logs()
    assert not _printed("told")


def test_a_node_knows_its_processes() -> None:
    assert ray._private.worker._global_node is None
    assert dead_processes() == []
    kill_processes()
    assert "result.append((process_type, process_info.process))" in inspect.getsource(Node.dead_processes)
    assert {"check_alive", "allow_graceful"} <= set(inspect.signature(Node.kill_all_processes).parameters)


def test_a_proxy_without_an_application_says_so() -> None:
    assert NO_ROUTES == NO_ROUTES_MESSAGE


def test_only_one_module_uses_them() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {use}"
        for folder in ("actors", "serve_app", "infra", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if str(path.relative_to(ROOT)) not in HERE
        for use in _private_uses(path)
    }
    assert not found


def _printed(line: str) -> str:
    out = io.StringIO()
    ray._private.worker.print_worker_logs({"pid": "raylet", "lines": [line]}, out)  # type: ignore[dict-item]
    return out.getvalue()


def _private_uses(path: Path) -> Iterator[str]:
    """Imports of Ray's private modules and names, and attributes such as `ray._private`."""
    text = path.read_text()
    if "ray" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] == "ray":
                uses = [f"{module}.{name.name}" for name in names]
            case ast.Import(names=names):
                uses = [name.name for name in names if name.name.split(".")[0] == "ray"]
            case ast.Attribute(value=ast.Name(id="ray" | "serve" as module), attr=attribute):
                uses = [f"{module}.{attribute}"]
            case _:
                continue
        yield from (use for use in uses if "._" in use)
