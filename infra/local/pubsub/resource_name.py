"""Names of topics and subscriptions: `projects/PROJECT/topics/ID`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Self

from google.api_core.exceptions import InvalidArgument

_ID = r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}"


@dataclass(frozen=True, slots=True)
class ResourceName:
    """A valid name. Rule: https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names"""

    project: str
    collection: Literal["topics", "subscriptions"]
    id: str

    @classmethod
    def parse(cls, name: str, collection: Literal["topics", "subscriptions"]) -> Self:
        """Raises `InvalidArgument` for a name that Pub/Sub would refuse."""
        match = re.fullmatch(rf"projects/([^/]+)/{collection}/({_ID})", name)
        if match is None:
            raise InvalidArgument(
                f"Invalid name {name!r}: expected projects/PROJECT/{collection}/ID, where ID has 3 to 255 letters, "
                "digits or characters of -._~+%, starts with a letter, and does not start with goog."
            )
        return cls(match[1], collection, match[2])
