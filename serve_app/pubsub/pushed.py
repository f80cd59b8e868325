"""The forms in which a notification is pushed, each read as the attributes that a pulled message has.

=========== =============================================================================================
wrapped     Pub/Sub's JSON envelope; a payload, which only `JSON_API_V1` has, is not needed
            ("Receive push messages", Pub/Sub documentation)
unwrapped   attributes as headers, the payload as the body: empty with `NONE`, the object's resource with
            `JSON_API_V1` ("Payload unwrapping for Pub/Sub push subscriptions", Pub/Sub documentation;
            `PushConfig.NoWrapper.write_metadata`, Pub/Sub API v1: metadata in `x-goog-pubsub-<KEY>`
            headers, attributes in `<KEY>` headers; "Pub/Sub notifications for Cloud Storage").
            Attributes below the metadata's prefix are read as well
CloudEvents binary content mode, as Eventarc delivers it: context attributes in `ce-` headers, a
            `StorageObjectData` as the body ("Event format", Eventarc documentation; "HTTP Protocol Binding
            for CloudEvents", 1.0.2, section 3.1; google.events.cloud.storage.v1, google-cloudevents)
=========== =============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from actors import trace_context
from actors.errors import Code, DropforgeError

METADATA = "x-goog-pubsub-"
CLOUD_EVENT_TYPE = "ce-type"

_EVENTS = {
    "google.cloud.storage.object.v1.finalized": "OBJECT_FINALIZE",
    "google.cloud.storage.object.v1.deleted": "OBJECT_DELETE",
    "google.cloud.storage.object.v1.archived": "OBJECT_ARCHIVE",
    "google.cloud.storage.object.v1.metadataUpdated": "OBJECT_METADATA_UPDATE",
}
"""Of the types of CloudEvents, the `eventType` of notifications ("Cloud Storage triggers", Eventarc documentation)."""

_WRAPPED_EVENT = "google.cloud.pubsub.topic.v1.messagePublished"
"""Eventarc's trigger of a topic: its body is Pub/Sub's envelope."""

_ATTRIBUTES = ("eventType", "bucketId", "objectId", "objectGeneration", "payloadFormat", "overwroteGeneration")
_TRACES = ("traceparent", "googclient_traceparent")


class PushedMessage(BaseModel):
    """The parts of a pushed message that are used; its data is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    attributes: Mapping[str, str] = Field(default_factory=dict)
    message_id: str = Field("", alias="messageId")


class PushEnvelope(BaseModel):
    """A push request's JSON body; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    message: PushedMessage
    subscription: str = ""


class ObjectResource(BaseModel):
    """What tells an object in its JSON, of the API or of an event; 64-bit numbers are text there, by both's rules."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    bucket: str
    name: str
    generation: Annotated[str, BeforeValidator(str)]


def is_marked(headers: Mapping[str, str]) -> bool:
    """Whether the headers are of an unwrapped message or a CloudEvent: no form of a page can send such ones."""
    return CLOUD_EVENT_TYPE in headers or any(name.startswith(METADATA) for name in headers)


def pushed_attributes(headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
    """The notification's attributes. `headers` must ignore the case of names.

    Raises `BAD_REQUEST` for a request in none of the forms.
    """
    kind = headers.get(CLOUD_EVENT_TYPE)
    if kind is not None and kind != _WRAPPED_EVENT:
        return _of_cloud_event(kind, headers, body)
    if kind is None and _attribute(headers, "eventType") is not None:
        return _unwrapped(headers, body)
    try:
        return PushEnvelope.model_validate_json(body).message.attributes
    except ValidationError as error:
        raise DropforgeError(Code.BAD_REQUEST, _no_form(error)) from error


def _of_cloud_event(kind: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
    if kind not in _EVENTS:
        raise DropforgeError(
            Code.BAD_REQUEST,
            f"The CloudEvent is of type {kind!r:.100}, which is none of Cloud Storage's: let the trigger's filter be "
            "type=google.cloud.storage.object.v1.finalized.",
        )
    try:
        resource = ObjectResource.model_validate_json(body)
    except ValidationError as error:
        raise DropforgeError(
            Code.BAD_REQUEST, f"The CloudEvent's data is no object of Cloud Storage: {_faults(error)}."
        ) from error
    trace = headers.get(f"ce-{trace_context.ATTRIBUTE}") or headers.get(trace_context.ATTRIBUTE)
    return {"eventType": _EVENTS[kind], **_identity(resource), **({trace_context.ATTRIBUTE: trace} if trace else {})}


def _unwrapped(headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
    """Where the payload is the object's resource, it names the object: headers are made for ASCII."""
    given = {name: _attribute(headers, name) for name in (*_ATTRIBUTES, *_TRACES)}
    found = {name: value for name, value in given.items() if value is not None}
    try:
        return found | _identity(ObjectResource.model_validate_json(body))
    except ValidationError:
        return found


def _identity(resource: ObjectResource) -> dict[str, str]:
    return {"bucketId": resource.bucket, "objectId": resource.name, "objectGeneration": resource.generation}


def _attribute(headers: Mapping[str, str], name: str) -> str | None:
    """An attribute's header, which servers read as Latin-1, as the UTF-8 that it is."""
    value = headers.get(name, headers.get(METADATA + name))
    if value is None:
        return None
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _no_form(error: ValidationError) -> str:
    return (
        "The request is no notification: it is neither Pub/Sub's envelope nor an unwrapped message, whose subscription "
        f"must write metadata (`--push-no-wrapper-write-metadata`), nor a CloudEvent ({_faults(error)})."
    )


def _faults(error: ValidationError) -> str:
    """Names the faults without quoting what was sent."""
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in error.errors())[:500]
