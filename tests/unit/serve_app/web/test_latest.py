from __future__ import annotations

import asyncio

import pytest

from actors.errors import Code, DropforgeError
from serve_app.web import latest
from serve_app.web.latest import Latest


class Question:
    """Counts how often it is asked; answers the number, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.answering = asyncio.Event()
        self.answering.set()

    async def __call__(self) -> int:
        self.asked += 1
        await self.answering.wait()
        if self.error is not None:
            raise self.error
        return self.asked


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest, "PATIENCE_S", 0.05)


async def test_many_who_ask_together_are_one() -> None:
    question = Question()
    answers = await asyncio.gather(*(Latest.get(it) for it in [Latest("It", question)] * 20))
    assert question.asked == 1
    assert {answer.value for answer in answers} == {1}


async def test_an_answer_is_asked_for_anew_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    question = Question()
    it = Latest("It", question)
    assert (await it.get()).value == (await it.get()).value == 1
    monkeypatch.setattr(latest, "FRESH_S", -1.0)
    assert (await it.get()).value == 2


async def test_while_no_newer_answer_comes_the_one_before_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest, "FRESH_S", -1.0)
    question = Question()
    it = Latest("It", question)
    assert (await it.get()).trouble == ""
    question.answering.clear()
    late = await it.get()
    assert (late.value, "took longer than" in late.trouble) == (1, True)
    assert late.age_s >= 0.05
    question.answering.set()
    assert (await it.get()).value == 2


async def test_a_failure_is_told_beside_the_answer_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latest, "FRESH_S", -1.0)
    question = Question()
    it = Latest("It", question)
    await it.get()
    question.error = DropforgeError(Code.STORAGE_UNAVAILABLE, "It rains.")
    failed = await it.get()
    assert (failed.value, failed.trouble) == (1, "It rains.")
    question.error = None
    assert (await it.get()).trouble == ""


async def test_without_any_answer_the_failure_is_raised() -> None:
    question = Question()
    question.error = DropforgeError(Code.NOT_FOUND, "There is none.")
    with pytest.raises(DropforgeError) as raised:
        await Latest("It", question).get()
    assert raised.value.code is Code.NOT_FOUND


async def test_without_any_answer_yet_that_is_said() -> None:
    question = Question()
    question.answering.clear()
    it = Latest("It", question)
    with pytest.raises(DropforgeError) as raised:
        await it.get()
    assert raised.value.code is Code.TIMEOUT
    question.answering.set()
    assert (await it.get()).value == 1
