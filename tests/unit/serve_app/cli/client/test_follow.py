"""Following a run: what is waited for, and what is not."""

from __future__ import annotations

from collections import Counter

import pytest

from infra.local.port import free_port
from serve_app.cli.client.api import Api
from serve_app.cli.client.follow import follow
from serve_app.cli.screen.complaint import Complaint
from serve_app.model.run_state import RunState
from tests.support.fake_api import FakeApi, view_of

PROCESSING = view_of(RunState.PROCESSING)
RUN = PROCESSING.run_id


@pytest.mark.parametrize("state", [RunState.DONE, RunState.REFUSED, RunState.INCOMPLETE])
def test_it_ends_with_the_run(api: FakeApi, state: RunState) -> None:
    api.script(RUN, [None, PROCESSING, view_of(RunState.ASSEMBLING), view_of(state)])
    seen = [view and view.state for view in follow(Api(api.url), RUN)]
    assert seen == [None, RunState.PROCESSING, RunState.ASSEMBLING, state]


def test_an_application_that_restarts_is_waited_for(api: FakeApi) -> None:
    api.script(RUN, [PROCESSING, 503, 502, view_of()])
    assert [view.state for view in follow(Api(api.url), RUN) if view] == [RunState.PROCESSING, RunState.DONE]


def test_a_run_once_seen_may_be_away_longer_than_a_new_one(api: FakeApi) -> None:
    api.script(RUN, [PROCESSING, None, None, view_of()])
    states = Counter(view and view.state for view in follow(Api(api.url), RUN, accepted_within_s=0.1))
    assert states == {RunState.PROCESSING: 1, None: 2, RunState.DONE: 1}


def test_a_run_that_is_never_accepted_ends_in_words(api: FakeApi) -> None:
    with pytest.raises(Complaint, match=f"Run {RUN} was not accepted within 0 s") as complaint:
        list(follow(Api(api.url), RUN, accepted_within_s=0.2))
    assert "notifications" in complaint.value.attempt


def test_silence_ends_in_words() -> None:
    gone = Api(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Complaint, match=f"No news of run {RUN}.*does not answer") as complaint:
        list(follow(gone, RUN, silent_s=0.2))
    assert f"dropforge watch {RUN}" in complaint.value.attempt
