"""What starts a run, and what does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from actors.model.drop import Drop
from tests.support.stack import Stack
from tests.support.world import UNWATCHED, notification_of

ROW = (
    b"uniq_id,product_name,description,brand,image,product_specifications,product_category_tree\n"
    b"1,Shoe,These are shoes.,,[],{},Shoes\n"
)


def test_a_finalized_object_becomes_a_run_by_itself(stack: Stack) -> None:
    manifest = stack.done(stack.drop("in/notified.csv", ROW))
    assert (manifest.counts.rows_out, manifest.shards) == (1, 1)


def test_push_and_pull_lead_to_one_run(stack: Stack) -> None:
    drop = stack.drop("in/pushed-too.csv", ROW)
    assert stack.push(notification_of(drop)).status_code == 204
    manifest = stack.done(drop)
    assert stack.push(notification_of(drop)).status_code == 204
    assert_one_run(stack, drop, manifest.output_generation)


def test_push_alone_starts_a_run(stack: Stack) -> None:
    # The notification names an object that was never uploaded, so nothing but the push can have told of it.
    drop = Drop(stack.source.name, "in/never-uploaded.csv", 1)
    assert stack.push(notification_of(drop)).status_code == 204
    manifest = stack.result(drop)
    assert manifest.reason is not None
    assert (manifest.state, manifest.reason.code) == ("refused", "source_gone")


def resource_of(drop: Drop) -> dict[str, str]:
    """The payload `JSON_API_V1`, which is a CloudEvent's data too."""
    return {"kind": "storage#object", "bucket": drop.bucket, "name": drop.object, "generation": str(drop.generation)}


@pytest.mark.parametrize("payload", ["NONE", "JSON_API_V1"])
@pytest.mark.parametrize("no_wrapper", [False, True], ids=["wrapped", "unwrapped"])
def test_a_push_subscription_of_any_form_starts_a_run(stack: Stack, no_wrapper: bool, payload: str) -> None:
    drop = Drop(stack.source.name, f"in/pushed-{no_wrapper}-{payload}-ä.csv", 1)
    data = json.dumps(resource_of(drop)).encode() if payload == "JSON_API_V1" else b""
    with stack.push_subscription(attempts=5, no_wrapper=no_wrapper) as publish:
        publish(notification_of(drop) | {"payloadFormat": payload}, data)
        assert stack.result(drop).state == "refused"  # nothing was uploaded: only the push told of it


def test_a_cloud_event_starts_a_run(stack: Stack) -> None:
    drop = Drop(stack.source.name, "in/by-eventarc.csv", 1)
    headers = {
        "ce-id": "5",
        "ce-source": f"//storage.googleapis.com/projects/_/buckets/{drop.bucket}",
        "ce-specversion": "1.0",
        "ce-type": "google.cloud.storage.object.v1.finalized",
        "ce-subject": f"objects/{drop.object}",
    }
    assert stack.call("POST", "/pubsub/push", json=resource_of(drop), headers=headers).status_code == 204
    assert stack.result(drop).state == "refused"


def test_ten_duplicates_are_one_run(stack: Stack) -> None:
    drop = stack.drop("in/duplicates.csv", ROW)
    attributes = notification_of(drop)
    for _ in range(5):
        stack.publish(attributes)
    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(lambda _: stack.push(attributes), range(5)))
    assert [answer.status_code for answer in answers] == [204] * 5
    manifest = stack.done(drop)
    run_generation = generation(stack, stack.ledger.records(drop.run_id).names.run)
    stack.publish(attributes)
    stack.done(stack.drop("in/after-the-duplicates.csv", ROW))
    assert_one_run(stack, drop, manifest.output_generation)
    assert generation(stack, stack.ledger.records(drop.run_id).names.run) == run_generation


def assert_one_run(stack: Stack, drop: Drop, output_generation: int | None) -> None:
    stack.until("The end of the run", lambda: drop.run_id not in stack.ledger.open_run_ids())
    assert stack.ledger.closed_run_ids(1000).count(drop.run_id) == 1
    run = stack.ledger.records(drop.run_id).run()
    assert run is not None
    assert generation(stack, run.output.name) == output_generation
    # One shard goes straight into the output, and leaves no part.
    assert stack.names(f"{run.work_prefix}runs/{run.run_id}/parts/") == []


def generation(stack: Stack, name: str) -> int:
    info = stack.output.stat(name)
    assert info is not None
    return info.generation


NOT_WATCHED = [f"{UNWATCHED}a.csv", "a.csv", "In/a.csv", "in/a.csv.zip", "in/folder/", "processed/in/a.csv"]
OTHER_EVENTS = ["OBJECT_DELETE", "OBJECT_ARCHIVE", "OBJECT_METADATA_UPDATE"]


@pytest.fixture(scope="module")
def ignored(stack: Stack) -> dict[str, Drop]:
    """What the application has been told of in both ways, and has had the time to start a run of."""
    drops = {name: stack.drop(name, ROW) for name in NOT_WATCHED}
    events = {event: Drop(stack.source.name, f"in/{event}.csv", 5) for event in OTHER_EVENTS}
    for event, drop in events.items():
        stack.publish(notification_of(drop, event))
        assert stack.push(notification_of(drop, event)).status_code == 204
    for drop in drops.values():
        stack.publish(notification_of(drop))
        assert stack.push(notification_of(drop)).status_code == 204
    stack.done(stack.drop("in/after-the-ignored.csv", ROW))
    return {**drops, **events}


@pytest.mark.parametrize("what", NOT_WATCHED + OTHER_EVENTS)
def test_what_is_ignored_is_no_run(stack: Stack, ignored: dict[str, Drop], what: str) -> None:
    assert not stack.is_run(ignored[what])
    assert stack.view(ignored[what]) is None


GOOD = notification_of(Drop("dropforge-in", "in/a.csv", 5))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_request"),
        (b'{"message": {"attributes": {"bucketId": "\\ud800", "objectId": "\\ud800"}}}', 400, "bad_request"),
        (b'{"message": {"attributes": {"objectId": ["\\ud800"]}}}', 400, "bad_request"),
        ({**GOOD, "objectId": "in/\ud800.csv"}, 400, "bad_request"),
        ({**GOOD, "objectGeneration": "-5"}, 400, "bad_request"),
        (b"not json", 400, "bad_request"),
        (b"[]", 400, "bad_request"),
        (b"{}", 400, "bad_request"),
        (b'{"message": 5}', 400, "bad_request"),
        (b'{"message": {"attributes": {"bucketId": {}}}}', 400, "bad_request"),
        (b'{"message": {}}', 400, "bad_request"),
        ({**GOOD, "objectGeneration": "newest"}, 400, "bad_request"),
        ({name: value for name, value in GOOD.items() if name != "eventType"}, 400, "bad_request"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_a_malformed_push_is_told(stack: Stack, body: bytes | Mapping[str, str], status: int, code: str | None) -> None:
    if isinstance(body, bytes):
        answer = stack.call("POST", "/pubsub/push", data=body, headers={"Content-Type": "application/json"})
    else:
        answer = stack.push(body)
    assert answer.status_code == status
    assert code is None or answer.json()["error"]["code"] == code


def test_a_push_that_is_no_notification_ends_as_a_dead_letter(stack: Stack) -> None:
    """Not in a loop of a week: its delivery fails as often as the subscription's dead-letter policy has it."""
    with stack.push_subscription(attempts=5) as publish:
        publish({"eventType": "SOMETHING_ELSE", "marker": "no notification"})
        (letter,) = stack.dead_letters_with({"marker": "no notification"})
    assert letter["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
