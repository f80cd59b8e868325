from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.million.plot import plot


def test_a_line_is_drawn_in_its_colour(tmp_path: Path) -> None:
    path = tmp_path / "rates.png"
    plot(path, "rows/s", "seconds", {"undisturbed": [(0.0, 400.0), (60.0, 500.0)], "faults": []})
    with Image.open(path) as image:
        assert image.format == "PNG"
        colours = image.convert("RGB").getcolors(1 << 16)
    assert colours is not None
    assert (0x1F, 0x77, 0xB4) in {colour for _, colour in colours}


def test_nothing_is_drawn_without_an_error(tmp_path: Path) -> None:
    plot(tmp_path / "empty.png", "rows/s", "seconds", {})
    assert (tmp_path / "empty.png").stat().st_size
