"""The dead-letter topic and its subscription in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from actors.model.failure import Failure
from actors.model.run import Run
from serve_app.pubsub.dead_letter_message import DeadLetter
from serve_app.pubsub.dead_letter_topic import PulledMessage


class FakeDeadLetters:
    """Has what `DeadLetterTopic` publishes and `DeadLetterSubscription` pulls; a message stays until acknowledged."""

    def __init__(self) -> None:
        self.messages: dict[str, PulledMessage] = {}
        self.published: list[Failure] = []

    def publish(self, run: Run, failure: Failure) -> None:
        self.published.append(failure)
        self._add(DeadLetter(drop=run.drop, failure=failure), {})

    def dead_letter(self, attributes: Mapping[str, str]) -> None:
        """As Pub/Sub does it with a notification that was delivered too often."""
        self._add(None, attributes)

    def pull(self, limit: int) -> list[PulledMessage]:
        return list(self.messages.values())[:limit]

    def acknowledge(self, messages: Iterable[PulledMessage]) -> None:
        for message in messages:
            self.messages.pop(message.ack_id, None)

    def release(self, messages: Iterable[PulledMessage]) -> None:
        return

    def _add(self, letter: DeadLetter | None, attributes: Mapping[str, str]) -> None:
        name = str(len(self.published) + len(self.messages))
        self.messages[name] = PulledMessage(name, name, letter, attributes, datetime.now(UTC), 0)
