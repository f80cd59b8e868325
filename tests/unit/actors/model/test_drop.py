from __future__ import annotations

import pytest

from actors.model.drop import Drop, Shard


def test_the_run_s_id_never_changes() -> None:
    # Records in a bucket are found by it: another id for the same drop would process every open run again.
    assert Drop("shop", "in/june/catalogue.csv", 1795545040476297).run_id == "b127b9eb72eab1197700"


@pytest.mark.parametrize(
    "other",
    [Drop("b", "o", 2), Drop("b", "p", 1), Drop("c", "o", 1), Drop("b", "o\n1", 1)],
    ids=str,
)
def test_another_drop_is_another_run(other: Drop) -> None:
    assert other.run_id != Drop("b", "o", 1).run_id


def test_any_object_name_has_an_id() -> None:
    assert len(Drop("b", "in/\ud800 \U0001f600.csv", 1).run_id) == 20


def test_shards_are_named_in_file_order() -> None:
    names = [Shard(index, 0, 1, 1, 1).name for index in (0, 9, 10, 99999, 100000)]
    assert names == sorted(names)
