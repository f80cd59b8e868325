from __future__ import annotations

import json
import logging

import pytest

from actors.logs import LABELS, JsonFormatter, _TextFormatter, labels

NAMES = [
    "in/a\nERROR forged.csv",
    "in/a\r\n{}",
    "in/a\u2028b",
    "in/a\u0085b",
    "\x1b[2Jin/a",
    'in/"}\n{"severity":"ERROR"}',
    "in/\u202egnp.csv",
    "in/\ud800",
    "in/\x00\x07\x08\x7f\x9b",
    "in/größe 目录 👟",
]


def record_of(name: str) -> logging.LogRecord:
    record = logging.LogRecord("dropforge.driver", logging.INFO, "", 0, "Started run of %s", (name,), None)
    record.__dict__.update(labels(object=name))
    return record


@pytest.mark.parametrize("name", NAMES)
def test_a_name_can_t_start_a_line_of_its_own(name: str) -> None:
    line = JsonFormatter("node", "shop").format(record_of(name))
    assert line.isascii()
    assert line.isprintable()
    event = json.loads(line)
    assert (event["severity"], event["message"]) == ("INFO", f"Started run of {name}")
    assert event[LABELS]["object"] == name
    text = _TextFormatter().format(record_of(name))
    assert len(text.splitlines()) == 1
    assert text.isprintable()
