"""A file whose image host is gone for good: a person finishes its run without those images."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from actors.model.drop import Drop
from serve_app.cli import main
from tests.support.csv_records import records_of
from tests.support.stack import Stack
from tests.support.trouble import catalogue

GONE = "/gone-host/gone.png"
FINE = "/gone-host/fine.png"


@pytest.fixture
def incomplete(stack: Stack) -> Drop:
    """The drop of a run that waits: two of its three rows have an image of a host that fails."""
    stack.images.statuses[GONE] = 503
    drop = stack.drop("in/gone-host.csv", catalogue(stack, GONE, FINE, rows=3))
    stack.until("A dead letter", lambda: drop.run_id in stack.ledger.incomplete_run_ids())
    return drop


def replay(stack: Stack, drop: Drop, *options: str) -> Result:
    result = CliRunner().invoke(main, ["replay", "--url", stack.url, "--run", drop.run_id, *options])
    assert result.exit_code == 0, result.output
    return result


def test_the_command_previews_and_finishes_the_run(stack: Stack, incomplete: Drop) -> None:
    preview = replay(stack, incomplete, "--give-up", "images").output
    assert "Would replay 1 dead letters: 1 image_host_down" in preview
    assert "would stay without one, for good" in preview
    assert incomplete.run_id in stack.ledger.incomplete_run_ids()

    told = json.loads(replay(stack, incomplete, "--give-up", "images", "--yes", "--json").stdout)
    assert (told["state"], told["give_up"], told["succeeded"], told["failed_again"]) == ("done", "images", 1, 0)
    manifest = stack.done(incomplete)
    assert (manifest.counts.gave_up_images, manifest.counts.images) == (2, {"stored": 1, "server_error": 2})
    stored = [bool(row["image_uri"]) for row in records_of(stack.output_of(manifest))]
    assert stored == [False, True, False]
    view = stack.view(incomplete)
    assert view is not None
    assert view["counts"]["gave_up_images"] == 2
    shown = CliRunner().invoke(main, ["runs", incomplete.run_id, "--url", stack.url])
    assert "2 images, by a replay" in shown.output
