"""Every form of a push is read as the same notification."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.datastructures import Headers

from actors.errors import Code, DropforgeError
from actors.model.drop import Drop
from serve_app.pubsub.gcs_event import Notification
from serve_app.pubsub.pushed import is_marked, pushed_attributes

DROP = Drop("shop", "in/schöne Schuhe.csv", 1795545040476297)
ATTRIBUTES = Notification("OBJECT_FINALIZE", DROP).attributes | {"payloadFormat": "JSON_API_V1"}
RESOURCE = {
    "kind": "storage#object",
    "id": f"{DROP.bucket}/{DROP.object}/{DROP.generation}",
    "bucket": DROP.bucket,
    "name": DROP.object,
    "generation": str(DROP.generation),
    "metageneration": "1",
    "size": "5",
    "metadata": {"bucket": "another"},
}
UNWRAPPED = {
    "x-goog-pubsub-subscription-name": "projects/p/subscriptions/s",
    "x-goog-pubsub-message-id": "5",
    "x-goog-pubsub-publish-time": "2026-05-04T03:02:01Z",
}
EVENT = {
    "ce-id": "5",
    "ce-source": f"//storage.googleapis.com/projects/_/buckets/{DROP.bucket}",
    "ce-specversion": "1.0",
    "ce-type": "google.cloud.storage.object.v1.finalized",
    "ce-subject": "objects/in/sch%C3%B6ne%20Schuhe.csv",
    "ce-time": "2026-05-04T03:02:01Z",
    "content-type": "application/json; charset=utf-8",
}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def read(headers: Mapping[str, str], body: Any = b"") -> Notification:
    return Notification.parse(attributes_of(headers, body))


def attributes_of(headers: Mapping[str, str], body: Any = b"") -> Mapping[str, str]:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]  # as they come over the wire
    return pushed_attributes(Headers(raw=raw), body if isinstance(body, bytes) else json.dumps(body).encode())


def wrapped(**message: Any) -> dict[str, Any]:
    return {"message": {"attributes": ATTRIBUTES, "messageId": "5", **message}, "subscription": "s"}


FORMS: dict[str, tuple[dict[str, str], Any]] = {
    "wrapped, NONE": ({}, wrapped()),
    "wrapped, JSON_API_V1": ({}, wrapped(data=base64.b64encode(json.dumps(RESOURCE).encode()).decode())),
    "unwrapped, NONE": (UNWRAPPED | ATTRIBUTES, b""),
    "unwrapped, JSON_API_V1": (UNWRAPPED | ATTRIBUTES, RESOURCE),
    "unwrapped, attributes with the prefix": (
        UNWRAPPED | {f"x-goog-pubsub-{name}": value for name, value in ATTRIBUTES.items()},
        b"",
    ),
    "CloudEvent": (EVENT, RESOURCE),
    "CloudEvent of the topic": (
        EVENT | {"ce-type": "google.cloud.pubsub.topic.v1.messagePublished"},
        wrapped(),
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_names_the_drop(form: str) -> None:
    assert read(*FORMS[form]) == Notification("OBJECT_FINALIZE", DROP)


@pytest.mark.parametrize("form", FORMS)
def test_forms_that_need_no_json_are_marked(form: str) -> None:
    assert is_marked(FORMS[form][0]) is not form.startswith("wrapped")


def test_the_payload_names_the_object_where_it_is_one() -> None:
    mangled = UNWRAPPED | ATTRIBUTES | {"objectId": "in/sch?ne Schuhe.csv"}
    assert read(mangled, RESOURCE).drop == DROP


@pytest.mark.parametrize(
    ("kind", "event"),
    [("deleted", "OBJECT_DELETE"), ("archived", "OBJECT_ARCHIVE"), ("metadataUpdated", "OBJECT_METADATA_UPDATE")],
)
def test_other_cloud_events_are_other_events(kind: str, event: str) -> None:
    headers = EVENT | {"ce-type": f"google.cloud.storage.object.v1.{kind}"}
    assert read(headers, RESOURCE).event_type == event


def test_a_generation_may_be_a_number() -> None:
    assert read(EVENT, RESOURCE | {"generation": DROP.generation}).drop == DROP


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (UNWRAPPED | ATTRIBUTES | {"googclient_traceparent": TRACE}, b""),
        (UNWRAPPED | ATTRIBUTES | {"traceparent": TRACE}, b""),
        (EVENT | {"ce-traceparent": TRACE}, RESOURCE),
    ],
)
def test_a_trace_comes_along(headers: dict[str, str], body: Any) -> None:
    assert TRACE in attributes_of(headers, body).values()


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        (UNWRAPPED, RESOURCE, "must write metadata"),
        ({}, RESOURCE, "must write metadata"),
        ({}, b"", "is no notification"),
        (EVENT | {"ce-type": "com.example.other"}, RESOURCE, "none of Cloud Storage's"),
        (EVENT, b"", "is no object of Cloud Storage"),
        (EVENT, {key: value for key, value in RESOURCE.items() if key != "generation"}, "generation"),
        (EVENT, RESOURCE | {"name": 5}, "name"),
        (EVENT, RESOURCE | {"generation": ["1"]}, "numeric objectGeneration"),
        (EVENT, RESOURCE | {"generation": True}, "numeric objectGeneration"),
        (UNWRAPPED | {"eventType": "OBJECT_FINALIZE"}, b"", "bucketId"),
        (EVENT, b"[" * 100_000, "is no object of Cloud Storage"),
    ],
)
def test_what_is_no_notification_is_told(headers: dict[str, str], body: Any, said: str) -> None:
    with pytest.raises(DropforgeError, match=said) as raised:
        read(headers, body)
    assert raised.value.code is Code.BAD_REQUEST
    assert len(raised.value.message) < 2000
