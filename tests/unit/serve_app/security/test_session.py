from __future__ import annotations

import pytest
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
