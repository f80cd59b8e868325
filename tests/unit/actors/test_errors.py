from __future__ import annotations

import pickle
import re

import pytest

from actors.errors import Code, DropforgeError, Kind


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_kind_and_a_plain_name(code: Code) -> None:
    assert isinstance(code.kind, Kind)
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    assert code.name == code.upper()
    assert DropforgeError(code, "").retryable == (code.kind is Kind.PASSING)


def test_every_kind_is_some_code_s() -> None:
    assert {code.kind for code in Code} == set(Kind)


def test_codes_are_told_apart_by_their_text() -> None:
    assert len({str(code) for code in Code}) == len(Code)
    assert Code("timeout") is Code.TIMEOUT  # type: ignore[call-arg]
    assert pickle.loads(pickle.dumps(Code.TIMEOUT)).kind is Kind.PASSING


def test_text_has_the_code_first() -> None:
    assert str(DropforgeError(Code.EMPTY_FILE, "Fill it.")) == "empty_file: Fill it."


def test_an_error_survives_pickling() -> None:
    sent = DropforgeError(Code.RATE_LIMITED, "Slow down.", retry_after_s=3.5)
    received = pickle.loads(pickle.dumps(sent))
    assert type(received) is DropforgeError
    assert (received.code, received.message, received.retry_after_s) == (Code.RATE_LIMITED, "Slow down.", 3.5)
    assert received.retryable
