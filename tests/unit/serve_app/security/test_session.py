from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from serve_app.security.session import COOKIE, VALID_S, Sessions

TOKEN = "correct-horse-battery-staple"


def cookie(value: str) -> Headers:
    return Headers({"cookie": f"other=1; {COOKIE}={value}; more=2"})


def test_a_session_lasts_its_time() -> None:
    now = 1000.0
    sessions = Sessions(TOKEN, now=lambda: now)
    issued = cookie(sessions.issue())
    assert sessions.admits(issued)
    now += VALID_S - 1
    assert sessions.admits(issued)
    now += 1
    assert not sessions.admits(issued)


def test_a_changed_token_ends_every_session() -> None:
    assert not Sessions(f"{TOKEN}!").admits(cookie(Sessions(TOKEN).issue()))


def test_a_session_can_t_be_prolonged() -> None:
    end, _, proof = Sessions(TOKEN).issue().partition(".")
    assert not Sessions(TOKEN).admits(cookie(f"{int(end) + 1}.{proof}"))


def test_the_token_is_not_in_it() -> None:
    assert TOKEN not in Sessions(TOKEN).issue()


@pytest.mark.parametrize("value", ["", ".", "9999999999", "9999999999.", "x.y", "9" * 5000, "\xff.\xfe", TOKEN])
def test_anything_else_is_none(value: str) -> None:
    assert not Sessions(TOKEN).admits(cookie(value))
    assert not Sessions(TOKEN).admits(Headers({"cookie": value}))
    assert not Sessions(TOKEN).admits(Headers({}))


@pytest.mark.parametrize("value", ["\ud800", "\udcff.\udcff", "9999999999.\ud800"])
def test_half_a_surrogate_is_none(value: str) -> None:
    assert not Sessions(TOKEN).admits({"cookie": f"{COOKIE}={value}"})


@given(st.binary(max_size=200))
def test_no_bytes_of_a_cookie_raise(value: bytes) -> None:
    assert not Sessions(TOKEN).admits(cookie(value.decode("latin-1")))


def test_a_session_with_one_character_changed_is_none() -> None:
    issued = Sessions(TOKEN, now=lambda: 1e9).issue()
    sessions = Sessions(TOKEN, now=lambda: 1e9)
    for at, character in enumerate(issued[:-1]):  # of the last one's six bits, two mean nothing in base64
        changed = "1" if character == "0" else "0"
        assert not sessions.admits(cookie(issued[:at] + changed + issued[at + 1 :])), at
    assert sessions.admits(cookie(issued))
