from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from actors.model.drop import Drop
from serve_app.model.dead_letter import Entry
from serve_app.model.selection import Group, Selection, groups
from tests.support.run_samples import failure_of, plan_of, run_of

NOW = datetime.now(UTC)
OLD, NEW = run_of("", name="old.csv"), run_of("", name="new.csv")
PLAN = plan_of([1] * 12)


def entry(name: str, *, run: str = "aa11", shard: int | None = 0, age_s: float = 10, **changes: object) -> Entry:
    at = NOW - timedelta(seconds=age_s)
    base = Entry.of(failure_of(OLD, PLAN.shards[0]), OLD.drop)
    values = {"run": run, "shard": shard, "first_at": at, "last_at": at, "message": name, **changes}
    return base.model_copy(update=values)


ENTRIES = [
    entry("c", shard=10, age_s=5),
    entry("a", shard=2, age_s=500_000, stage="images", code="image_host_down"),
    entry("b", run="aa22", shard=None, age_s=50, stage="run", code="parts_disagree", object="new.csv"),
    entry("d", run="bb33", shard=0, age_s=1),
]


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ({}, "abcd"),
        ({"run": "aa11"}, "ac"),
        ({"run": "aa"}, "abc"),
        ({"run": "a11"}, ""),
        ({"object": "new.csv"}, "b"),
        ({"object": "new"}, ""),
        ({"shard": 0}, "d"),
        ({"stage": "clean"}, "cd"),
        ({"code": "image_host_down"}, "a"),
        ({"since_s": 100_000}, "bcd"),
        ({"limit": 2}, "ab"),
        ({"stage": "clean", "run": "aa", "limit": 5}, "c"),
    ],
    ids=str,
)
def test_what_is_selected_oldest_first(selection: dict, chosen: str) -> None:
    assert "".join(entry.message for entry in Selection(**selection).of(ENTRIES)) == chosen


def test_of_one_age_shards_are_in_file_order() -> None:
    entries = [entry("c", shard=10), entry("b", shard=9), entry("a", shard=None)]
    assert "".join(entry.message for entry in Selection().of(entries)) == "abc"


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"since_s": 0}, {"stag": "clean"}], ids=str)
def test_a_selection_that_makes_no_sense(wrong: dict) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Selection(**wrong)


def test_groups_are_counted_largest_first() -> None:
    assert groups(ENTRIES) == [
        Group(stage="clean", code="actor_died", count=2),
        Group(stage="images", code="image_host_down", count=1),
        Group(stage="run", code="parts_disagree", count=1),
    ]


def test_an_entry_says_what_failed() -> None:
    of_shard = Entry.of(failure_of(OLD, PLAN.shards[3]), OLD.drop)
    assert (of_shard.kind, of_shard.key, of_shard.in_bucket) == ("shard", (OLD.run_id, 3), True)
    of_run = Entry.of(failure_of(NEW, None), NEW.drop)
    assert (of_run.kind, of_run.key, of_run.object) == ("run", (NEW.run_id, None), "new.csv")


def test_an_entry_of_a_notification_says_how_often_it_came() -> None:
    drop = Drop("in", "a.csv", 5)
    entry = Entry.of_notification(drop, {"CloudPubSubDeadLetterSourceDeliveryCount": "7"}, NOW)
    assert (entry.kind, entry.key, entry.attempts, entry.code) == (
        "notification",
        (drop.run_id, None),
        7,
        "not_accepted",
    )
    assert (entry.in_topic, entry.in_bucket) == (True, False)
    assert Entry.of_notification(drop, {}, NOW).attempts == 1


@pytest.mark.parametrize("age", ["inf", "nan", "-1", "0", "1e11", "1e300", "x"])
def test_an_age_that_is_none_is_a_wrong_request(age: str) -> None:
    with pytest.raises(ValidationError):
        Selection.model_validate({"since_s": age})
