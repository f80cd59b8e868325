"""What is dead-lettered, on a real Pub/Sub and in a real bucket: strays are seen, hold nothing up, and go when told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from google.cloud import pubsub_v1

from actors.errors import Code, DropforgeError
from infra.local.embedded_pubsub import EmbeddedPubsub
from infra.local.service import Service
from serve_app.dead_letters.inbox import Inbox
from serve_app.model.source_attributes import SUBSCRIPTION
from serve_app.pubsub.dead_letter_message import DeadLetter
from serve_app.pubsub.dead_letter_topic import DeadLetterSubscription
from serve_app.runs.run_registry import RunRegistry
from tests.support.run_samples import failure_of, plan_of, run_of

PROJECT = "dropforge-test"
Publish = Callable[..., str]


@pytest.fixture(scope="module")
def pubsub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("pubsub")
    program = EmbeddedPubsub(root / "state", pull_wait_s=0.1)
    service = Service(program, root / "pubsub.log", scratch=None, prepare=lambda: None)
    service.start()
    yield service.address
    service.stop()


@pytest.fixture
def publish(pubsub: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publish]:
    """Publishes to a topic of the test's own, which is named by its prefix as its subscription is."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub)
    name = "t" + prefix.strip("/")[-200:]
    with pubsub_v1.PublisherClient() as publisher, pubsub_v1.SubscriberClient() as subscriber:
        topic = publisher.create_topic(name=f"projects/{PROJECT}/topics/{name}").name
        subscriber.create_subscription(name=f"projects/{PROJECT}/subscriptions/{name}", topic=topic)

        def publish(data: bytes = b"", **attributes: str) -> str:
            return publisher.publish(topic, data, **attributes).result(10)

        yield publish


class Accepting:
    """Takes notifications but for those of objects it is told to fail."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.failing: set[str] = set()

    async def __call__(self, attributes: Mapping[str, str]) -> None:
        if attributes["objectId"] in self.failing:
            raise DropforgeError(Code.STORAGE_UNAVAILABLE, "Not now.")
        self.taken.append(attributes["objectId"])


@pytest.fixture
def accepting() -> Accepting:
    return Accepting()


@pytest.fixture
def inbox(registry: RunRegistry, publish: Publish, prefix: str, accepting: Accepting) -> Inbox:
    return Inbox(registry, DeadLetterSubscription(PROJECT, "t" + prefix.strip("/")[-200:]), accepting)


def notification(name: str) -> dict[str, str]:
    source = f"projects/{PROJECT}/subscriptions/s"
    return {"eventType": "OBJECT_FINALIZE", "bucketId": "in", "objectId": name, "objectGeneration": "1"} | {
        SUBSCRIPTION: source
    }


STRAYS: dict[str, tuple[bytes, dict[str, str]]] = {
    "bytes of any kind": (b"\xff\x00 nonsense", {}),
    "nothing": (b"", {"x": "y"}),
    "json of another kind": (b'{"drop": 1}', {}),
    "a notification without a name": (b"{}", {"eventType": "OBJECT_FINALIZE", SUBSCRIPTION: "s"}),
    "a notification whose generation is no number": (b"{}", notification("a") | {"objectGeneration": "x"}),
    "attributes that would forge a line": (b"x", {"a\nERROR forged \x1b[31m": "y"}),
}


async def test_strays_are_listed_among_what_can_be_replayed(
    inbox: Inbox, registry: RunRegistry, prefix: str, publish: Publish
) -> None:
    run = run_of(prefix)
    registry.accept(run)
    shard = plan_of([3]).shards[0]
    failure = failure_of(run, shard)
    registry.records(run.run_id).write_failure(failure)
    letter = DeadLetter(drop=run.drop, failure=failure)
    publish(letter.model_dump_json().encode(), **letter.attributes)
    ids = {publish(data, **attributes): name for name, (data, attributes) in STRAYS.items()}
    gone = DeadLetter(drop=run.drop, failure=failure.model_copy(update={"run_id": "0" * 20}))
    ids[publish(gone.model_dump_json().encode())] = "a shard of a run that is gone"
    publish(b"{}", **notification("in/a.csv"))
    entries = await inbox.entries()
    assert sorted(entry.kind for entry in entries) == ["notification", "shard", *["stray"] * 7]
    strays = [entry for entry in entries if entry.kind == "stray"]
    assert {entry.message_id for entry in strays} == set(ids)
    assert {entry.code for entry in strays} == {Code.STRAY_MESSAGE}
    assert all(entry.message.isprintable() for entry in strays)
    assert len({entry.key for entry in entries}) == len(entries)


async def test_what_is_discarded_is_gone_and_nothing_else_is(inbox: Inbox, publish: Publish) -> None:
    for data, attributes in STRAYS.values():
        publish(data, **attributes)
    publish(b"{}", **notification("in/a.csv"))
    entries = await inbox.entries()
    keys = [entry.key for entry in entries if entry.kind == "stray"]
    kept = next(entry.key for entry in entries if entry.kind == "notification")
    assert await inbox.discard(frozenset({*keys[:2], kept})) == 2
    left = await inbox.entries()
    assert {entry.key for entry in left} == {*keys[2:], kept}


async def test_strays_and_a_failure_keep_no_other_from_its_replay(
    inbox: Inbox, publish: Publish, accepting: Accepting
) -> None:
    publish(b"nonsense")
    for name in ("in/a.csv", "in/b.csv", "in/c.csv"):
        publish(b"{}", **notification(name))
    accepting.failing = {"in/a.csv"}
    keys = frozenset(entry.key for entry in await inbox.entries() if entry.kind == "notification")
    assert await inbox.accept(keys) == 2
    assert sorted(accepting.taken) == ["in/b.csv", "in/c.csv"]
    assert sorted(entry.object for entry in await inbox.entries()) == ["", "in/a.csv"]


async def test_large_messages_are_not_all_held_at_once(
    inbox: Inbox, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_app.pubsub.dead_letter_topic._PULL_BYTES", 3_000)
    monkeypatch.setattr("serve_app.pubsub.dead_letter_topic._PULL_MESSAGES", 1)
    for _ in range(6):
        publish(b"x" * 1000)
    assert len(await inbox.entries()) == 3
