from __future__ import annotations

import asyncio
import json
import logging

import pytest

from actors.logs import LABELS, SAMPLED, SPAN, TRACE, JsonFormatter, about, labels
from actors.trace_context import context_of, current, link_to, received, same_trace, within

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = PARENT[:-1] + "0"


def line(**extra: object) -> dict[str, object]:
    record = logging.LogRecord("dropforge.driver", logging.INFO, "", 0, "Started", (), None)
    record.__dict__.update(extra)
    event: dict[str, object] = json.loads(JsonFormatter("node", "shop").format(record))
    return event


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, ""),
        ({"traceparent": ""}, ""),
        ({"traceparent": PARENT}, PARENT),
        ({"googclient_traceparent": PARENT}, PARENT),
        ({"traceparent": PARENT, "googclient_traceparent": UNSAMPLED}, PARENT),
    ],
)
def test_the_trace_of_a_message(attributes: dict[str, str], expected: str) -> None:
    assert received(attributes) == expected


def test_inside_and_outside_of_a_trace() -> None:
    assert current() == ""
    with within(PARENT):
        assert current() == PARENT
    assert current() == ""


@pytest.mark.parametrize(
    "text", ["", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "ff-x-y-z", PARENT + "\n{}"]
)
def test_what_is_no_context_is_none(text: str) -> None:
    with within(PARENT), within(text):
        assert current() == ""
    assert link_to(text) is None
    assert not context_of(text)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (PARENT, PARENT, True),
        (PARENT, "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00", True),
        (PARENT, "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01", False),
        (PARENT, "01" + PARENT[2:] + "-more-of-a-later-version", True),
        (PARENT, "ff" + PARENT[2:], False),
        (PARENT, PARENT.upper(), False),
        (PARENT, "", False),
        ("", PARENT, False),
        ("", "", False),
        ("nonsense", "nonsense", False),
        ("x-0af7651916cd43dd8448eb211c80319c", PARENT, False),
    ],
)
def test_two_contexts_of_one_trace(a: str, b: str, same: bool) -> None:
    assert same_trace(a, b) is same


async def test_a_task_of_the_trace_logs_it() -> None:
    with within(PARENT), about(run="r", shard=0):
        task = asyncio.create_task(asyncio.to_thread(line, **labels(stage="images")))
    event = await task
    assert event[TRACE] == "projects/shop/traces/0af7651916cd43dd8448eb211c80319c"
    assert (event[SPAN], event[SAMPLED]) == ("b7ad6b7169203331", True)
    assert event[LABELS] == {"run": "r", "shard": "0", "stage": "images", "ray_worker_node_id": "node"}


def test_outside_of_a_trace_a_line_has_none() -> None:
    event = line()
    assert not {TRACE, SPAN, SAMPLED} & set(event)
    assert event[LABELS] == {"ray_worker_node_id": "node"}


def test_an_event_s_own_label_goes_before_the_block_s() -> None:
    with about(run="r", stage="shard"), about(shard=3, code=None):
        event = line(**labels(stage="images"))
    assert event[LABELS] == {"run": "r", "stage": "images", "shard": "3", "ray_worker_node_id": "node"}
