from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from tests.pictures import main

from .pictures import HTML, picture


def test_a_folder_of_images_is_decided(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.jpg").write_bytes(picture("png"))
    (tmp_path / "b.png").write_bytes(HTML)
    told = json.loads(CliRunner().invoke(main, [str(tmp_path), "--json"]).stdout)
    assert told["outcomes"] == {"accepted": 1, "not_an_image": 1}
    assert [(each["file"], each["outcome"]) for each in told["decisions"]] == [
        ("b.png", "not_an_image"),
        ("below/a.jpg", "accepted"),
    ]
    assert told["cpu_s"] > 0
    assert told["peak_mib"] > 0


def test_refused_files_are_named_with_their_reason(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"nothing")
    told = CliRunner().invoke(main, [str(tmp_path), "--list"]).stdout
    assert "1  not_an_image" in told
    assert "not_an_image\tb.png\tThe file is not an image" in told
