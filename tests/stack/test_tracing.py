"""Spans as they leave the process; no application is needed for it."""

from __future__ import annotations

import pytest
from opentelemetry import trace

from actors.errors import Code, DropforgeError
from actors.trace_context import context_of, current, link_to
from serve_app.monitoring.tracing import Tracing
from tests.support.otlp_receiver import OtlpReceiver

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def fail(tracing: Tracing) -> None:
    with tracing.span("images", {"stage": "images"}):
        trace.get_current_span().add_event("retry", {"error.type": "timeout"})
        raise DropforgeError(Code.IMAGE_HOST_DOWN, "It is down.")


def sampled(traceparent: str) -> bool:
    return bool(int(traceparent[-2:], 16) & 1)


def test_spans_reach_the_receiver_with_what_they_are_about() -> None:
    with OtlpReceiver() as receiver:
        tracing = Tracing(receiver.url + "/")
        with tracing.span("run", {"run": "r"}, context=context_of(PARENT), links=[link_to(PARENT), None]):
            with pytest.raises(DropforgeError):
                fail(tracing)
            inside = current()
        tracing.stop()
        images, run = receiver.spans
    assert (run.trace, run.parent) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert run.links == (("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"),)
    assert inside == f"00-{run.trace}-{run.id}-01"
    assert (images.name, images.trace, images.parent) == ("images", run.trace, run.id)
    assert images.attributes == {"dropforge.stage": "images", "error.type": "image_host_down"}
    assert images.events == (("retry", {"error.type": "timeout"}),)
    assert (images.failed, run.failed) == (True, False)


def test_a_parent_that_is_not_sampled_is_heeded() -> None:
    with OtlpReceiver() as receiver:
        tracing = Tracing(receiver.url)
        with tracing.span("run", {}, context=context_of(PARENT[:-1] + "0")):
            assert not sampled(current())
        tracing.stop()
        assert receiver.spans == []


def test_without_a_receiver_a_trace_has_ids_alone() -> None:
    tracing = Tracing("")
    with tracing.span("run", {}) as run:
        outer = current()
        assert not run.is_recording()
        with tracing.span("images", {}):
            assert current().split("-")[1] == outer.split("-")[1]
    assert not sampled(outer)
    with tracing.span("run", {}, context=context_of(PARENT)):
        assert current().split("-")[1] == PARENT.split("-")[1]
    tracing.stop()
