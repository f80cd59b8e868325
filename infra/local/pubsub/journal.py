"""The state that survives a killed server: topics, subscriptions and unacknowledged messages, in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from actors.errors import Code, DropforgeError

from . import wire
from .message import StoredMessage

_FILE = "journal.sqlite3"
_SCHEMA = """
create table if not exists topic (name text primary key, config blob not null);
create table if not exists subscription (name text primary key, config blob not null);
create table if not exists message (sequence integer primary key, body blob not null);
create table if not exists backlog (
    sequence integer, subscription text, primary key (sequence, subscription)
) without rowid;
"""


class Journal:
    """Every method is one transaction, committed when it returns. Methods raise `sqlite3.Error` when the disk fails.

    A commit survives a crash of the process, but not of the machine (`synchronous=normal`). Delivery attempts are not
    stored: they count from 1 again after a restart.
    """

    def __init__(self, state: Path | None) -> None:
        """Opens the journal in the folder `state`, or one in memory if that is None.

        Raises `BAD_SETTINGS` when another server uses the journal or it can't be read.
        """
        if state is not None:
            state.mkdir(parents=True, exist_ok=True)
        path = ":memory:" if state is None else str(state / _FILE)
        self._database = sqlite3.connect(path, timeout=1)
        try:
            self._database.execute("pragma locking_mode=exclusive")
            self._database.execute("pragma journal_mode=wal")
            self._database.execute("pragma synchronous=normal")
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            self._database.close()
            raise DropforgeError(
                Code.BAD_SETTINGS,
                f"Could not open the Pub/Sub journal {path}: {error}. Stop the other server that uses this folder, or "
                "choose another folder.",
            ) from error

    def topics(self) -> Iterator[wire.Topic]:
        for (config,) in self._database.execute("select config from topic order by name"):
            yield wire.Topic.FromString(config)

    def subscriptions(self) -> Iterator[wire.Subscription]:
        for (config,) in self._database.execute("select config from subscription order by name"):
            yield wire.Subscription.FromString(config)

    def messages(self) -> dict[int, StoredMessage]:
        """The messages that at least one subscription has not acknowledged, by sequence, oldest first."""
        found = {}
        for sequence, body in self._database.execute("select sequence, body from message order by sequence"):
            found[sequence] = StoredMessage(sequence, wire.PubsubMessage.FromString(body), len(body))
        return found

    def backlog(self, subscription: str) -> list[int]:
        """The sequences of the messages that the subscription has not acknowledged, oldest first."""
        rows = self._database.execute(
            "select sequence from backlog where subscription = ? order by sequence", (subscription,)
        )
        return [sequence for (sequence,) in rows]

    def save_topic(self, config: wire.Topic) -> None:
        with self._database:
            self._database.execute("replace into topic values (?, ?)", (config.name, config.SerializeToString()))

    def delete_topic(self, name: str) -> None:
        with self._database:
            self._database.execute("delete from topic where name = ?", (name,))

    def save_subscription(self, config: wire.Subscription) -> None:
        with self._database:
            self._database.execute("replace into subscription values (?, ?)", (config.name, config.SerializeToString()))

    def delete_subscription(self, name: str) -> None:
        with self._database:
            self._database.execute("delete from subscription where name = ?", (name,))
            self._database.execute("delete from backlog where subscription = ?", (name,))
            self._database.execute("delete from message where sequence not in (select sequence from backlog)")

    def add(self, messages: Collection[StoredMessage], backlog: Mapping[str, Collection[StoredMessage]]) -> None:
        """Stores the messages, and for each subscription which of them it has to deliver."""
        with self._database:
            self._database.executemany(
                "insert into message values (?, ?)",
                [(stored.sequence, stored.message.SerializeToString()) for stored in messages],
            )
            self._database.executemany(
                "insert into backlog values (?, ?)",
                [(stored.sequence, name) for name, matching in backlog.items() for stored in matching],
            )

    def forget(self, subscription: str, sequences: Collection[int]) -> None:
        """Deletes the messages from the subscription's backlog, and entirely if no other subscription needs them."""
        with self._database:
            self._database.executemany(
                "delete from backlog where sequence = ? and subscription = ?",
                [(sequence, subscription) for sequence in sequences],
            )
            self._database.executemany(
                "delete from message where sequence = ? and not exists (select 1 from backlog where sequence = ?)",
                [(sequence, sequence) for sequence in sequences],
            )

    def close(self) -> None:
        self._database.close()
