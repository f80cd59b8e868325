"""Uploads of which no notification came, found and accepted in the deployed application."""

from __future__ import annotations

import json

from click.testing import CliRunner

from actors.model.drop import Drop
from serve_app.cli import main
from tests.support.stack import Stack

ROW = (
    b"uniq_id,product_name,description,brand,image,product_specifications,product_category_tree\n"
    b"1,Shoe,These are shoes.,,[],{},Shoes\n"
)


def reconciled(stack: Stack, drop: Drop, *arguments: str) -> dict[str, object]:
    """What `dropforge reconcile` says of the folder of a drop."""
    prefix = drop.object.rpartition("/")[0] + "/"
    result = CliRunner().invoke(main, ["reconcile", "--url", stack.url, "--prefix", prefix, "--json", *arguments])
    assert result.exit_code == 0, result.output
    view: dict[str, object] = json.loads(result.stdout)
    return view


def test_an_event_that_never_came_is_made_up_for(stack: Stack) -> None:
    announced = stack.drop("in/reconcile/announced.csv", ROW)
    stack.done(announced)
    missed = stack.drop_unannounced("in/reconcile/missed.csv", ROW)
    stack.drop_unannounced("in/reconcile/notes.xlsx", ROW)

    preview = reconciled(stack, missed)
    assert (preview["listed"], preview["matching"], preview["missed"], preview["accepted"]) == (3, 2, 1, 0)
    assert not stack.is_run(missed)

    view = reconciled(stack, missed, "--yes", "--since", "1h")
    assert (view["missed"], view["accepted"], view["failed"]) == (1, 1, 0)
    assert stack.done(missed).counts.rows_out == 1
    assert reconciled(stack, missed)["missed"] == 0
