"""Lines over time, as a PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_SIZE = (1200, 600)
_LEFT, _TOP, _RIGHT, _BOTTOM = 80, 50, 230, 60
_STEPS = 5
_TEXT = 16
_COLOURS = (
    *("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22"),
    *("#000000", "#aec7e8", "#ff9896", "#98df8a"),
)

Line = Sequence[tuple[float, float]]
"""Points, each as what is across and what is up."""


def plot(path: Path, title: str, across: str, lines: Mapping[str, Line]) -> None:
    """Draws each line in a colour of its own, named beside."""
    image = Image.new("RGB", _SIZE, "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(_TEXT)
    most = [max((point[axis] for line in lines.values() for point in line), default=0.0) or 1.0 for axis in (0, 1)]
    width, height = _SIZE[0] - _LEFT - _RIGHT, _SIZE[1] - _TOP - _BOTTOM

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return _LEFT + width * point[0] / most[0], _TOP + height * (1 - point[1] / most[1])

    draw.text((_LEFT, 15), title, "black", font)
    draw.text((_LEFT + width - 8 * len(across), _SIZE[1] - 25), across, "black", font)
    for step in range(_STEPS + 1):
        x, y = at((most[0] * step / _STEPS, most[1] * step / _STEPS))
        draw.line((_LEFT, y, _LEFT + width, y), "#dddddd")
        draw.text((10, y - 9), f"{most[1] * step / _STEPS:,.0f}", "black", font)
        draw.text((x - 15, _TOP + height + 10), f"{most[0] * step / _STEPS:,.0f}", "black", font)
    for number, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        if len(line) > 1:
            draw.line([at(point) for point in line], colour, 2)
        draw.text((_LEFT + width + 15, _TOP + 24 * number), name, colour, font)
    image.save(path, "PNG")
