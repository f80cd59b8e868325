"""The file by which other shells find the running system."""

from __future__ import annotations

from pathlib import Path

import pytest

from serve_app.cli.client.endpoint import Endpoint, claim, find
from serve_app.cli.screen.complaint import Complaint

ENDPOINT = Endpoint(1, "http://127.0.0.1:8000", None, {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:1"}, {})


def test_it_is_found_from_its_folder_and_below(folder: Path) -> None:
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    with claim(folder) as file:
        file.publish(ENDPOINT)
        assert find(folder) == find(below) == ENDPOINT


def test_it_is_gone_with_the_system(folder: Path) -> None:
    with claim(folder) as file:
        file.publish(ENDPOINT)
    assert not file.path.exists()
    assert find(folder) is None


def test_one_that_a_crash_left_is_no_system(folder: Path) -> None:
    with claim(folder) as file:
        file.publish(ENDPOINT)
        left = file.path.read_text()
    file.path.write_text(left)
    assert find(folder) is None
    with claim(folder) as file:
        file.publish(ENDPOINT)
        assert find(folder) == ENDPOINT


def test_a_second_system_is_refused_and_harms_nothing(folder: Path) -> None:
    with claim(folder) as file:
        file.publish(ENDPOINT)
        with pytest.raises(Complaint, match="Another Dropforge is running in this folder"), claim(folder):
            pass
        assert find(folder) == ENDPOINT


def test_one_that_starts_is_told_apart(folder: Path) -> None:
    with claim(folder), pytest.raises(Complaint, match="still starting"):
        find(folder)
