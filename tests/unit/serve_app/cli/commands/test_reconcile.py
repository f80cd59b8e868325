"""`dropforge reconcile` as a person or a script calls it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from actors.model.drop import Drop
from serve_app.cli import main
from serve_app.model.reconciliation import MissedUpload, ReconciliationView
from tests.support.fake_api import FakeApi

DROP = Drop("dropforge-in", "in/[b]shoes.csv", 7)
MISSED = MissedUpload(drop=DROP, run_id=DROP.run_id, size=1234, uploaded_at=datetime(2026, 5, 4, tzinfo=UTC))

pytestmark = pytest.mark.usefixtures("folder")


def view_of(**changes: Any) -> ReconciliationView:
    given: dict[str, Any] = {"reconciliation": "0" * 12, "state": "done", "dry_run": True, "prefix": "in/"}
    given |= {"listed": 1200, "matching": 1100, "missed": 1, "sample": [MISSED]}
    return ReconciliationView(**given | changes)


def run(api: FakeApi, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["reconcile", "--url", api.url, *arguments])


def test_a_preview_shows_what_would_be_accepted(api: FakeApi) -> None:
    api.reconciliations = [view_of(state="running", listed=1000), view_of()]
    result = run(api, "--since", "2d", "--prefix", "in/2026/")
    assert result.exit_code == 0
    assert api.asked == [{"prefix": "in/2026/", "since_s": 172_800.0, "limit": None, "dry_run": True}]
    for part in ("in/[b]shoes.csv", "1,234", DROP.run_id, "1,200 objects below in/", "1 without a run", "Add --yes"):
        assert part in result.stdout
    assert "1,000 objects listed" in result.stderr


def test_with_yes_they_are_accepted(api: FakeApi) -> None:
    api.reconciliations = [view_of(dry_run=False, accepted=1)]
    result = run(api, "--yes", "--limit", "3")
    assert (api.asked[0]["dry_run"], api.asked[0]["limit"]) == (False, 3)
    assert (result.exit_code, "Accepted 1." in result.stdout) == (0, True)


def test_nothing_missed_is_said_so(api: FakeApi) -> None:
    api.reconciliations = [view_of(missed=0, sample=[])]
    result = run(api)
    assert (result.exit_code, "0 without a run" in result.stdout, "--yes" in result.stdout) == (0, True, False)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dry_run": False, "accepted": 0, "failed": 1}, "1 could not be accepted"),
        ({"state": "failed", "trouble": "The bucket does not answer."}, "The bucket does not answer."),
        ({"state": "interrupted"}, "Run the command again"),
    ],
)
def test_what_fails_ends_with_1(api: FakeApi, changes: dict[str, Any], said: str) -> None:
    api.reconciliations = [view_of(**changes)]
    result = run(api, "--yes")
    assert (result.exit_code, said in result.stderr) == (1, True)


def test_json_is_all_there_is_on_stdout(api: FakeApi) -> None:
    api.reconciliations = [view_of(state="running"), view_of()]
    assert json.loads(run(api, "--json").stdout) == view_of().model_dump(mode="json")


def test_ctrl_c_stops_watching_alone(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    api.reconciliations = [view_of(state="running")]
    result = run(api)
    assert (result.exit_code, "continues in the application" in result.stderr) == (130, True)
