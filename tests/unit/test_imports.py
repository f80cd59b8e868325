"""The rules of import between packages, in one table, and the sources checked against it.

The sources are parsed, never imported, so this takes a second and needs none of their dependencies.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]

EVERYBODY = "actors"
"""Every package may import the modules of `actors` itself: errors, retry, logs, trace_context."""

MAY_IMPORT: dict[str, set[str]] = {
    "actors": set(),
    "actors.model": set(),
    "actors.storage": {"actors.model"},
    "actors.text": {"actors.text.fast", "actors.text.plain"},
    "actors.text.fast": {"actors.text.plain"},
    "actors.text.plain": set(),
    "actors.csv": {"actors.model", "actors.text.plain"},
    "actors.images": {"actors.model"},
    "actors.reading": {"actors.csv", "actors.model", "actors.storage"},
    "actors.profiling": {"actors.csv", "actors.images", "actors.model", "actors.reading"},
    "actors.writing": {"actors.csv", "actors.model", "actors.reading", "actors.storage"},
    "actors.deployments": {
        "actors.csv",
        "actors.images",
        "actors.model",
        "actors.reading",
        "actors.storage",
        "actors.text",
        "actors.text.plain",
        "actors.writing",
    },
    "serve_app.model": {"actors.model"},
    "serve_app.config": {"actors.images", "actors.model", "actors.text.plain"},
    "serve_app.pubsub": {"actors.model", "serve_app.config", "serve_app.model"},
    "serve_app.monitoring": {
        "actors.model",
        "actors.storage",
        "serve_app.config",
        "serve_app.model",
        "serve_app.pubsub",
    },
    "serve_app.security": {"actors.model", "serve_app.config", "serve_app.model", "serve_app.pubsub"},
    "serve_app.runs": {
        "actors.model",
        "actors.storage",
        "serve_app.config",
        "serve_app.model",
        "serve_app.monitoring",
        "serve_app.pubsub",
    },
    "serve_app.dead_letters": {
        "actors.model",
        "serve_app.model",
        "serve_app.monitoring",
        "serve_app.pubsub",
        "serve_app.runs",
    },
    "serve_app.reconciliation": {
        "actors.model",
        "actors.storage",
        "serve_app.config",
        "serve_app.model",
        "serve_app.monitoring",
        "serve_app.pubsub",
        "serve_app.runs",
    },
    "serve_app.doctor": {"actors.storage", "serve_app.config", "serve_app.pubsub"},
    "serve_app.web": {
        "actors.model",
        "actors.storage",
        "serve_app.config",
        "serve_app.model",
        "serve_app.runs",
        "serve_app.security",
    },
    "serve_app": {
        "actors.deployments",
        "actors.model",
        "actors.storage",
        "serve_app.config",
        "serve_app.dead_letters",
        "serve_app.model",
        "serve_app.monitoring",
        "serve_app.pubsub",
        "serve_app.reconciliation",
        "serve_app.runs",
        "serve_app.security",
        "serve_app.web",
    },
    "serve_app.cli.screen": {"actors.model", "actors.profiling", "actors.storage", "serve_app.model"},
    "serve_app.cli.client": {
        "actors.csv",
        "actors.model",
        "actors.profiling",
        "actors.reading",
        "actors.storage",
        "serve_app",
        "serve_app.cli.screen",
        "serve_app.config",
        "serve_app.model",
    },
    "serve_app.cli.local": {
        "actors.model",
        "infra.local",
        "serve_app",
        "serve_app.cli.client",
        "serve_app.cli.screen",
        "serve_app.model",
    },
    "serve_app.cli.commands": {
        "actors.model",
        "actors.profiling",
        "actors.text",
        "infra.local",
        "infra.local.pubsub",
        "serve_app.cli.client",
        "serve_app.cli.local",
        "serve_app.cli.screen",
        "serve_app.config",
        "serve_app.doctor",
        "serve_app.model",
    },
    "serve_app.cli": {"serve_app.cli.commands", "serve_app.cli.screen"},
    "infra": set(),
    "infra.local": {"actors.model"},
    "infra.local.pubsub": set(),
    "infra.kubernetes": set(),
}

MAY_IMPORT_INFRA = {
    "serve_app.cli.local": "starts the local cloud beside the application",
    "serve_app.cli.commands.demo": "starts the image host and finds free ports",
    "serve_app.cli.commands.up": "finds out whether its port is free",
    "serve_app.cli.commands.doctor": "reads a subscription's filter as the local Pub/Sub does",
}
"""Packages or modules outside `infra` that may import it, and why. No other code knows that a local cloud exists."""

LIBRARIES: dict[str, set[str]] = {
    "ray": {
        "actors.deployments.object_store",
        "actors.logs",
        "serve_app",
        "serve_app.cli.local",
        "serve_app.config.serve_config",
        "serve_app.monitoring",
        "serve_app.runs.serve_stages",
    },
    "google": {
        "actors.reading.source",
        "actors.storage",
        "infra.local",
        "infra.local.pubsub",
        "serve_app.application",
        "serve_app.cli.client",
        "serve_app.cli.screen.output",
        "serve_app.dead_letters",
        "serve_app.doctor",
        "serve_app.monitoring",
        "serve_app.pubsub",
        "serve_app.security",
        "serve_app.web",
    },
    "gcloud": {"actors.gcs_token", "actors.images.upload", "actors.storage.object_client"},
    "grpc": {"infra.local", "infra.local.pubsub"},
    "lxml": {"actors.text.plain"},
    "spacy": {"actors.text", "actors.text.fast", "actors.text.plain"},
    "PIL": {"actors.images", "infra.local"},
    "fastapi": {"serve_app", "serve_app.security", "serve_app.web"},
    "click": {
        "serve_app.cli",
        "serve_app.cli.client",
        "serve_app.cli.commands",
        "serve_app.cli.screen",
    },
}
"""Which packages or modules may import a library. The others are pure in that respect, and tested without it."""

_TREES = ("actors", "serve_app", "infra")


@dataclass(frozen=True, slots=True)
class Import:
    """`target` is a module as far as one is named, such as `actors.model.run`; `level` counts leading dots."""

    module: str
    line: int
    target: str
    level: int

    @property
    def place(self) -> str:
        return f"{self.module} line {self.line}"


@cache
def packages() -> frozenset[str]:
    found = (path for tree in _TREES for path in (_ROOT / tree).rglob("__init__.py"))
    return frozenset(_dotted(path.parent) for path in found)


@cache
def imports() -> tuple[Import, ...]:
    return tuple(found for tree in _TREES for path in sorted((_ROOT / tree).rglob("*.py")) for found in _imports(path))


def package_of(module: str) -> str:
    while module not in packages():
        module = module.rpartition(".")[0]
    return module


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(_ROOT).parts)


def _imports(path: Path) -> Iterator[Import]:
    module = _dotted(path.parent if path.name == "__init__.py" else path.with_suffix(""))
    package = _dotted(path.parent).split(".")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, node.lineno, alias.name, 0)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Import(module, node.lineno, _module(base, alias.name), node.level)


def _module(base: str, name: str) -> str:
    """`from actors import logs` names a module, `from actors.errors import Code` what is in one."""
    inner = _ROOT.joinpath(*base.split("."), name)
    return f"{base}.{name}" if inner.with_suffix(".py").is_file() or inner.is_dir() else base


def _is_in(module: str, places: set[str]) -> bool:
    return module in places or package_of(module) in places


def test_every_package_has_its_row() -> None:
    assert set(MAY_IMPORT) == packages()


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_says_what_it_is_and_where_to_begin(package: str) -> None:
    folder = _ROOT.joinpath(*package.split("."))
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    begin = re.search(r"Begin with `(\w+)`", said)
    assert begin is not None
    assert (folder / begin[1]).is_dir() or (folder / f"{begin[1]}.py").is_file()


def test_packages_import_what_their_row_allows() -> None:
    wrong = [
        f"{found.place}: {here} may not import {there}"
        for found in imports()
        if found.target.split(".")[0] in _TREES
        and (here := package_of(found.module)) != (there := package_of(found.target))
        and there not in MAY_IMPORT[here] | {EVERYBODY}
    ]
    assert wrong == []


def test_the_table_has_no_circle() -> None:
    TopologicalSorter(MAY_IMPORT).prepare()


def test_actors_know_neither_application_nor_infra() -> None:
    above = {
        (package, other)
        for package, others in MAY_IMPORT.items()
        for other in others
        if package.split(".")[0] == "actors" and other.split(".")[0] != "actors"
    }
    assert above == set()


def test_only_named_places_import_infra() -> None:
    wrong = [
        f"{found.place} imports {found.target}"
        for found in imports()
        if found.target.split(".")[0] == "infra"
        and found.module.split(".")[0] != "infra"
        and not _is_in(found.module, set(MAY_IMPORT_INFRA))
    ]
    assert wrong == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_only_named_places_import_a_library(library: str) -> None:
    wrong = [
        f"{found.place} imports {found.target}"
        for found in imports()
        if found.target.split(".")[0] == library and not _is_in(found.module, LIBRARIES[library])
    ]
    assert wrong == []


def test_nothing_imports_the_tests() -> None:
    assert [found.place for found in imports() if found.target.split(".")[0] == "tests"] == []


def test_dots_within_a_package_and_full_names_elsewhere() -> None:
    wrong = [
        f"{found.place} imports {found.target}"
        for found in imports()
        if found.target.split(".")[0] in _TREES
        and (found.level != 1 if package_of(found.module) == package_of(found.target) else found.level > 0)
    ]
    assert wrong == []
