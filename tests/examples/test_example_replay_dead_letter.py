"""A shard that fails is kept as a dead letter, and replayed over the API once its cause is gone.

Here the cause is an image host that answers 503 for a while. What of the run was done before is not done again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from actors.model.drop import Drop
from tests.support.stack import Stack

DEADLINE_S = 60
BUSY = "/example/busy.png"
HEADER = b"uniq_id,product_name,description,brand,image,product_specifications,product_category_tree\n"


class Api:
    """The calls of this example; `/api` describes all there are."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **parameters: str) -> Any:
        answer = requests.get(self.url + path, params=parameters, timeout=30)
        return answer.json() if answer.ok else None

    def replay(self, *, dry_run: bool, **selection: str) -> Any:
        body: dict[str, Any] = {"dry_run": dry_run, "selection": selection}
        answer = requests.post(f"{self.url}/replays", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline, "It takes too long."
            time.sleep(0.1)


@pytest.fixture(scope="module")
def api(stack: Stack) -> Api:
    return Api(stack.url)


@pytest.fixture(scope="module")
def incomplete(stack: Stack, api: Api) -> str:
    """The id of a run that waits for a replay."""
    stack.images.statuses[BUSY] = 503
    row = f'1,Boot,Boots for rainy days.,,"[""{stack.images.url}{BUSY}""]",{{}},Shoes\n'.encode()
    name = "in/example-busy.csv"
    run_id = Drop(stack.source.name, name, stack.source.put(name, HEADER + row, content_type="text/csv")).run_id

    def waits() -> bool:
        run = api.get(f"/runs/{run_id}")
        return run is not None and run["state"] == "incomplete"

    api.wait_until(waits)
    return run_id


def test_a_dead_letter_is_listed_and_replayed(stack: Stack, api: Api, incomplete: str) -> None:
    (letter,) = api.get("/dead-letters", run=incomplete)["entries"]
    assert (letter["kind"], letter["shard"], letter["stage"]) == ("shard", 0, "images")

    preview = api.replay(dry_run=True, run=incomplete)
    assert preview["groups"] == [{"stage": "images", "code": "image_host_down", "count": 1}]

    del stack.images.statuses[BUSY]  # the image host is well again
    replay = api.replay(dry_run=False, run=incomplete)["replay"]
    api.wait_until(lambda: api.get(f"/replays/{replay}")["state"] != "running")

    run = api.get(f"/runs/{incomplete}")
    assert (run["state"], run["counts"]["rows_out"], run["counts"]["images"]) == ("done", 1, {"stored": 1})
    assert api.get("/dead-letters", run=incomplete)["entries"] == []
