"""Cloud Storage notifications, and which of them announce a drop."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from actors.errors import Code, DropforgeError
from actors.model.drop import Drop
from serve_app.config.object_names import MAX_NAME_BYTES
from serve_app.config.settings import Settings

FINALIZE = "OBJECT_FINALIZE"


class Ignored(StrEnum):
    """Why a notification starts no run. `NOT_MATCHED`: an upload below the watched prefix with another name."""

    OTHER_EVENT = "other_event"
    NOT_WATCHED = "not_watched"
    NOT_MATCHED = "not_matched"


@dataclass(frozen=True, slots=True)
class Notification:
    """A Cloud Storage notification, parsed from the attributes of its message.

    Attribute names are from "Pub/Sub notifications for Cloud Storage", section "Attributes", Cloud Storage
    documentation.
    """

    event_type: str
    drop: Drop

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes from which `parse` makes this notification."""
        return {
            "eventType": self.event_type,
            "bucketId": self.drop.bucket,
            "objectId": self.drop.object,
            "objectGeneration": str(self.drop.generation),
        }

    @classmethod
    def parse(cls, attributes: Mapping[str, str]) -> Notification:
        """Raises `BAD_REQUEST` when the message is not a Cloud Storage notification."""
        try:
            name, generation = attributes["objectId"], attributes["objectGeneration"]
            if len(name.encode()) > MAX_NAME_BYTES:  # raises for a lone surrogate, which JSON allows and no name has
                raise ValueError(f"objectId has more than {MAX_NAME_BYTES} bytes")
            if not re.fullmatch(r"[0-9]{1,18}", generation):
                raise ValueError(f"objectGeneration is {generation!r:.40}")
            return cls(attributes["eventType"], Drop(attributes["bucketId"], name, int(generation)))
        except (KeyError, ValueError) as error:
            raise DropforgeError(
                Code.BAD_REQUEST,
                "The message is not a Cloud Storage notification: it must have the attributes eventType, bucketId, "
                f"objectId and a numeric objectGeneration ({type(error).__name__}: {error}). Let only the bucket's "
                "notification publish to this topic.",
            ) from error


def drop_of(attributes: Mapping[str, str], settings: Settings) -> Drop | Ignored:
    """The drop that a notification announces, or why it announces none.

    Raises `BAD_REQUEST` when the message is not a Cloud Storage notification.
    """
    notification = Notification.parse(attributes)
    if notification.event_type != FINALIZE:
        return Ignored.OTHER_EVENT
    drop = notification.drop
    if settings.watches(drop.bucket, drop.object):
        return drop
    return Ignored.NOT_MATCHED if settings.is_upload(drop.bucket, drop.object) else Ignored.NOT_WATCHED
