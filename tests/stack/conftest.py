from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.front_door import FrontDoor, running_front_door
from tests.support.stack import Stack
from tests.support.trouble import Trouble, make_trouble


@pytest.fixture(scope="session")
def trouble(stack: Stack) -> Trouble:
    return make_trouble(stack)


@pytest.fixture(scope="session")
def front_door(stack: Stack) -> Iterator[FrontDoor]:
    with running_front_door(stack) as door:
        yield door


@pytest.fixture(scope="session")
def sample(shared_data: Path, stack: Stack) -> bytes:
    """The Flipkart sample with its image hosts mapped to the local one."""
    return local_images((shared_data / "flipkart_sample.csv").read_bytes(), stack)


@pytest.fixture(scope="session")
def golden(shared_data: Path, stack: Stack) -> bytes:
    """The reference's output for the sample, with the same image hosts."""
    return local_images((shared_data / "flipkart_sample.golden.csv").read_bytes(), stack)


def local_images(data: bytes, stack: Stack) -> bytes:
    for host in (b"img5a.flixcart.com", b"img6a.flixcart.com"):
        data = data.replace(b"http://" + host, stack.images.url.encode() + b"/" + host)
    return data
