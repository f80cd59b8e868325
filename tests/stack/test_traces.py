"""Traces as an OTLP receiver gets them from the deployed application."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from actors.model.drop import Drop
from tests.support.otlp_receiver import Received
from tests.support.stack import Stack
from tests.support.trouble import Trouble
from tests.support.world import notification_of

GIVEN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def spans_of(stack: Stack, run_id: str, *, runs: int = 1) -> list[Received]:
    """All spans of a run's traces, once its stretches have ended."""

    def ended() -> bool:
        return sum(span.name == "run" for span in stack.traces.of(run_id)) >= runs

    stack.until(f"The spans of {run_id}", ended)
    return stack.traces.of(run_id)


def paths(spans: list[Received]) -> Counter[str]:
    """How many spans there are of each path from the root."""
    by_id = {span.id: span for span in spans}

    def path(span: Received) -> str:
        above = by_id.get(span.parent)
        return f"{path(above)}/{span.name}" if above else span.name

    return Counter(path(span) for span in spans)


def test_a_run_is_one_trace_from_its_notification_to_its_commit(stack: Stack, trouble: Trouble) -> None:
    spans = spans_of(stack, trouble.faulty.run_id)
    assert len({span.trace for span in spans}) == 1
    assert paths(spans) == {
        "accept": 1,
        "accept/run": 1,
        "accept/run/plan": 1,
        "accept/run/shard": 3,
        "accept/run/shard/read": 3,
        "accept/run/shard/clean": 3,
        "accept/run/shard/images": 3,
        "accept/run/shard/write": 3,
        "accept/run/assemble": 1,
    }
    assert sorted(span.attributes["dropforge.shard"] for span in spans if span.name == "shard") == [0, 1, 2]
    assert all(span.attributes["dropforge.work_s"] > 0 for span in spans if span.name in ("read", "clean", "images"))
    assert not [span for span in spans if span.failed]


def test_the_log_s_lines_of_a_run_carry_its_trace(stack: Stack, trouble: Trouble) -> None:
    run_id = trouble.faulty.run_id
    (trace,) = {span.trace for span in spans_of(stack, run_id)}
    events = [(deployment, json.loads(line)) for deployment, line in stack.log_lines()]
    of_the_run = [each for each in events if each[1]["logging.googleapis.com/labels"].get("run") == run_id]
    assert {deployment for deployment, _ in of_the_run} == {"Ingress", "ImageFetcher"}
    for _, event in of_the_run:
        assert event["logging.googleapis.com/trace"] == f"projects/{stack.settings.project}/traces/{trace}"
        assert event["logging.googleapis.com/trace_sampled"] is True


def test_retries_are_events_and_a_replay_goes_on_with_the_trace(stack: Stack, trouble: Trouble) -> None:
    spans = spans_of(stack, trouble.replayed.run_id, runs=2)
    (trace,) = {span.trace for span in spans}
    failed, mended = [span for span in spans if span.name == "images"]
    assert [name for name, _ in failed.events] == ["retry", "retry"]
    assert {about["error.type"] for _, about in failed.events} == {"image_host_down"}
    assert (failed.failed, failed.attributes["error.type"]) == (True, "image_host_down")
    assert not mended.failed
    (letter,) = [span for span in spans if span.name == "dead_letter"]
    assert trouble.letter["traceparent"].startswith(f"00-{trace}-{letter.id}-")

    def replay_spans() -> list[Received]:
        spans = stack.traces.spans
        return [span for span in spans if span.attributes.get("dropforge.replay") == trouble.replay]

    stack.until("The replay's span", lambda: bool(replay_spans()))
    (replay,) = replay_spans()
    (accept,) = [span for span in spans if span.name == "accept"]
    assert replay.trace != trace
    assert replay.links == ((trace, accept.id),)
    second = next(span for span in spans if span.name == "run" and span.links)
    assert second.links == ((replay.trace, replay.id),)


@pytest.mark.parametrize("attribute", ["traceparent", "googclient_traceparent"])
def test_a_notification_s_own_trace_goes_on(stack: Stack, attribute: str) -> None:
    drop = Drop(stack.source.name, f"in/traced-{attribute}.csv", 1)
    trace, parent = GIVEN[0][:-1] + str(len(attribute) % 10), GIVEN[1]
    stack.publish({**notification_of(drop), attribute: f"00-{trace}-{parent}-01"})
    stack.result(drop)
    spans = spans_of(stack, drop.run_id)
    assert {span.trace for span in spans} == {trace}
    (accept,) = [span for span in spans if span.name == "accept"]
    assert accept.parent == parent
    run = stack.ledger.records(drop.run_id).run()
    assert run is not None
    assert run.trace == f"00-{trace}-{accept.id}-01"
