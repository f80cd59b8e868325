"""What every test has: an environment of its own, and the shared data where it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

# Before numpy is imported, which reads it. Ray sets the same for an actor of one CPU; more threads, which spin for BLAS
# on a machine that others use too, made the language model's tests take three times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from .support.shared_data import FOLDER

if TYPE_CHECKING:
    from .support.stack import Stack

pytest_plugins = ["tests.support.skipped_for_tools"]

# Wall time says nothing about an example on a machine that others use too.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")

TESTS = Path(__file__).parent
ON_RAY = {"chaos", "scale", "stack"}
"""Folders whose tests start Ray. Elsewhere a test does by asking for the fixture `stack`."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "xdist_group(name): tests of one name have one worker")


@pytest.hookimpl(tryfirst=True)  # before xdist, which reads the marks in its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With two workers (`make test`), all that starts Ray is one's, one after the other, and the rest the other's.

    Tests of the session-wide stack come last: while it is up, it takes its share of the machine.
    """
    items.sort(key=lambda item: folder_of(item) == "stack" or on_stack(item))
    for item in items:
        on_ray = folder_of(item) in ON_RAY or on_stack(item)
        item.add_marker(pytest.mark.xdist_group("Ray" if on_ray else "the rest"))


def folder_of(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).parts[0]


def on_stack(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and "stack" in item.fixturenames


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The one application of the session, started for the first test that asks for it."""
    from .support.stack import Stack  # imports Ray, which most tests do without

    with Stack() as stack:
        yield stack


@pytest.fixture(scope="session", autouse=True)
def own_environment() -> Iterator[None]:
    """No setting of the person who runs the tests reaches them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("DROPFORGE_"):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not FOLDER.is_dir():
        pytest.skip("../shared/data is not there: it holds the sample catalogue and the reference's output")
    return FOLDER
