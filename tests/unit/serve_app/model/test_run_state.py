from __future__ import annotations

import itertools

import pytest

from serve_app.model.run_state import RunFacts, RunState, run_state


def facts(
    *,
    owned: bool = False,
    shards: int | None = None,
    parts: int = 0,
    failed: int = 0,
    stuck: bool = False,
    result: RunState | None = None,
) -> RunFacts:
    return RunFacts(owned=owned, shards=shards, parts=parts, failed=failed, stuck=stuck, result=result)


TABLE = [
    (facts(), RunState.ACCEPTED),
    (facts(owned=True), RunState.PLANNING),
    (facts(owned=True, parts=2), RunState.PLANNING),
    (facts(parts=2), RunState.ACCEPTED),
    (facts(owned=True, parts=2, failed=1), RunState.PLANNING),
    (facts(owned=True, shards=3), RunState.PROCESSING),
    (facts(shards=3), RunState.PROCESSING),
    (facts(shards=3, parts=2), RunState.PROCESSING),
    (facts(shards=3, parts=1, failed=1), RunState.PROCESSING),
    (facts(shards=3, parts=2, failed=1), RunState.INCOMPLETE),
    (facts(owned=True, shards=3, parts=2, failed=1), RunState.INCOMPLETE),
    (facts(shards=3, failed=3), RunState.INCOMPLETE),
    (facts(owned=True, shards=3, parts=3), RunState.ASSEMBLING),
    (facts(shards=0), RunState.ASSEMBLING),
    (facts(stuck=True), RunState.INCOMPLETE),
    (facts(owned=True, shards=3, parts=3, stuck=True), RunState.INCOMPLETE),
    (facts(shards=3, parts=3, result=RunState.DONE), RunState.DONE),
    (facts(result=RunState.REFUSED), RunState.REFUSED),
    (facts(shards=3, parts=2, failed=1, stuck=True, result=RunState.DONE), RunState.DONE),
]


@pytest.mark.parametrize(("given", "state"), TABLE, ids=lambda value: str(value) if isinstance(value, RunState) else "")
def test_facts_have_their_state(given: RunFacts, state: RunState) -> None:
    assert run_state(given) is state


def test_the_table_reaches_every_state() -> None:
    assert {state for _, state in TABLE} == set(RunState)


def test_final_states_are_the_results() -> None:
    assert {state for state in RunState if state.final} == {RunState.DONE, RunState.REFUSED}


ALL = [
    facts(owned=owned, shards=shards, parts=parts, failed=failed, stuck=stuck, result=result)
    for owned, shards, stuck, result in itertools.product(
        (False, True), (None, 0, 1, 3), (False, True), (None, RunState.DONE, RunState.REFUSED)
    )
    for parts in range((2 if shards is None else shards) + 1)
    for failed in range((2 if shards is None else shards) + 1 - parts)
]


@pytest.mark.parametrize("given", ALL, ids=str)
def test_every_combination_has_a_sound_state(given: RunFacts) -> None:
    state = run_state(given)
    assert state.final == (given.result is not None)
    if state is RunState.ASSEMBLING:
        assert given.parts == given.shards
    if state is RunState.INCOMPLETE:
        assert given.stuck or (given.failed and given.shards == given.parts + given.failed)
    if given.shards is not None:
        assert state not in (RunState.ACCEPTED, RunState.PLANNING)


# Each step changes the facts as one write does; the order of the states is the diagram's.
PATHS = {
    "undisturbed": [
        (facts(), RunState.ACCEPTED),
        (facts(owned=True), RunState.PLANNING),
        (facts(owned=True, parts=1), RunState.PLANNING),
        (facts(owned=True, parts=1, shards=2), RunState.PROCESSING),
        (facts(owned=True, parts=2, shards=2), RunState.ASSEMBLING),
        (facts(parts=2, shards=2, result=RunState.DONE), RunState.DONE),
    ],
    "refused": [
        (facts(owned=True), RunState.PLANNING),
        (facts(owned=True, result=RunState.REFUSED), RunState.REFUSED),
    ],
    "replayed": [
        (facts(owned=True, shards=2, failed=1), RunState.PROCESSING),
        (facts(shards=2, parts=1, failed=1), RunState.INCOMPLETE),
        (facts(owned=True, shards=2, parts=1), RunState.PROCESSING),
        (facts(owned=True, shards=2, parts=2), RunState.ASSEMBLING),
    ],
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_paths_through_the_diagram(path: list[tuple[RunFacts, RunState]]) -> None:
    assert [run_state(given) for given, _ in path] == [state for _, state in path]
