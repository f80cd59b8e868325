from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.million.fetches import Fetches
from tests.million.state import FAULTS, UNDISTURBED, Order, State

ORDER = Order(rows=300, seed=1, shard_rows=400, one_bucket=False, port=8081)


def test_a_second_start_goes_on_with_what_is_there(tmp_path: Path) -> None:
    first = State(tmp_path, ORDER)
    assert not first.generated
    expected = first.generate()
    content = first.catalogue.read_bytes()
    second = State(tmp_path, replace(ORDER, port=9999))
    assert second.generated
    assert second.order.port == ORDER.port  # the catalogue names it
    assert second.generate() == expected
    assert second.catalogue.read_bytes() == content


def test_another_order_is_refused(tmp_path: Path) -> None:
    State(tmp_path, ORDER)
    with pytest.raises(ValueError, match="300"):
        State(tmp_path, replace(ORDER, rows=301))


def test_a_catalogue_that_broke_off_is_written_anew(tmp_path: Path) -> None:
    state = State(tmp_path, ORDER)
    state.catalogue.write_bytes(b"half a")
    assert state.generate().bytes == state.catalogue.stat().st_size


def test_a_pass_that_has_ended_is_known(tmp_path: Path) -> None:
    state = State(tmp_path, ORDER)
    (state.pass_folder(UNDISTURBED) / "cloud").mkdir(parents=True)
    state.keep_result(UNDISTURBED, {"seconds": 1.0})
    state.forget_cloud(UNDISTURBED)
    assert State(tmp_path, ORDER).result(UNDISTURBED) == {"seconds": 1.0}
    assert state.result(FAULTS) is None
    assert not (state.pass_folder(UNDISTURBED) / "cloud").exists()


def test_fetches_go_on_from_where_they_were(tmp_path: Path) -> None:
    path = tmp_path / "fetches"
    with Fetches(path, 10) as fetches:
        fetches.image(1, 0)
        fetches.down = True
        assert fetches.refused(2, 3) == 0
    with Fetches(path, 10) as fetches:
        fetches.image(1, 0)
        fetches.image(10, 3)
        assert (fetches.total, fetches.different, fetches.down) == (3, 2, True)
        assert fetches.refused(2, 3) == 1
