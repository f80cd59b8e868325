"""A published message, and its state in one subscription."""

from __future__ import annotations

from dataclasses import dataclass

from google.api_core.exceptions import InvalidArgument

from . import wire

_MAX_BYTES = 10_000_000
_MAX_ATTRIBUTES = 100
_MAX_KEY_BYTES = 256
_MAX_VALUE_BYTES = 1024


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A published message, shared by all subscriptions. `sequence` is its id as a number, `size` is in bytes."""

    sequence: int
    message: wire.PubsubMessage
    size: int


@dataclass(slots=True, eq=False)
class PendingMessage:
    """A message that one subscription has not acknowledged. `ack_id` is from its latest delivery."""

    stored: StoredMessage
    attempts: int = 0
    ack_id: str = ""


def check_message(message: wire.PubsubMessage) -> None:
    """Raises `InvalidArgument` for a message that Pub/Sub would refuse.

    Limits: https://cloud.google.com/pubsub/quotas#resource_limits
    """
    if not message.data and not message.attributes:
        raise InvalidArgument("A message has neither data nor attributes: it must have at least one of them.")
    if message.ByteSize() > _MAX_BYTES:
        raise InvalidArgument(f"A message has {message.ByteSize()} bytes, at most {_MAX_BYTES} are allowed.")
    if len(message.attributes) > _MAX_ATTRIBUTES:
        raise InvalidArgument(
            f"A message has {len(message.attributes)} attributes, at most {_MAX_ATTRIBUTES} are allowed."
        )
    for key, value in message.attributes.items():
        # Those of Google's clients, such as `googclient_traceparent`, are allowed.
        reserved = key.startswith("goog") and not key.startswith("googclient_")
        if not key or len(key.encode()) > _MAX_KEY_BYTES or reserved:
            raise InvalidArgument(
                f"Invalid attribute key {key[:300]!r}: it must have 1 to 256 bytes and not start with goog."
            )
        if len(value.encode()) > _MAX_VALUE_BYTES:
            raise InvalidArgument(
                f"Attribute {key} has {len(value.encode())} bytes, at most {_MAX_VALUE_BYTES} are allowed."
            )
