from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable

import pytest
from ray import cloudpickle

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


class OfAStage(DropforgeError):
    """A subclass whose arguments are not its parent's."""

    def __init__(self, error: DropforgeError, *, stage: str) -> None:
        super().__init__(error.code, error.message, retry_after_s=error.retry_after_s)
        self.stage = stage


CARRIERS = pytest.mark.parametrize(
    "carry",
    [
        copy.copy,
        lambda error: pickle.loads(pickle.dumps(error)),
        lambda error: cloudpickle.loads(cloudpickle.dumps(error)),  # what Ray sends between actors
    ],
    ids=["copy", "pickle", "cloudpickle"],
)
Carry = Callable[[DropforgeError], DropforgeError]


@CARRIERS
def test_an_error_survives_pickling(carry: Carry) -> None:
    sent = DropforgeError(Code.RATE_LIMITED, "Slow down.", retry_after_s=3.5)
    received = carry(sent)
    assert type(received) is DropforgeError
    assert str(received) == str(sent)
    assert received.args == sent.args
    assert (received.code, received.message, received.retry_after_s) == (Code.RATE_LIMITED, "Slow down.", 3.5)
    assert received.retryable


@CARRIERS
def test_a_subclass_survives_pickling_with_its_fields(carry: Carry) -> None:
    sent = OfAStage(DropforgeError(Code.TIMEOUT, "Too late.", retry_after_s=2.0), stage="images")
    received = carry(sent)
    assert isinstance(received, OfAStage)
    assert (received.code, received.message, received.retry_after_s) == (Code.TIMEOUT, "Too late.", 2.0)
    assert received.stage == "images"
    assert received.args == sent.args
