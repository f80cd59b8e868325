"""The application's subscriber on a real subscription: it outlives a silent stream, and says when it can't go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from actors.errors import Code, DropforgeError
from infra.local.cloud import LocalCloud
from infra.local.port import HOST, free_port
from serve_app.pubsub import pull_subscriber as module
from serve_app.pubsub.pull_subscriber import Subscriber

from .pubsub_bus import Bus
from .silent_pubsub import SilentPubsub

WAIT_S = 120.0
SUBSCRIPTION = "projects/p/subscriptions/s"


class Handled(list[str]):
    async def take(self, attributes: Mapping[str, str]) -> None:
        self.append(attributes["name"])


@asynccontextmanager
async def subscribed(
    address: str, path: str, handled: Handled, monkeypatch: pytest.MonkeyPatch, *, silent_s: float = 600
) -> AsyncIterator[Subscriber]:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
    _, project, _, name = path.split("/")
    subscriber = Subscriber(project, name, handled.take, at_a_time=2, silent_s=silent_s)
    await subscriber.start()
    yield subscriber
    await subscriber.stop()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110  what is waited for happens in the client's threads
            await asyncio.sleep(0.02)


async def test_it_handles_messages_and_is_alive(
    embedded_bus: Bus, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = embedded_bus.topic()
    subscription = embedded_bus.subscription(topic)
    handled = Handled()
    async with subscribed(cloud.pubsub_address, subscription, handled, monkeypatch) as subscriber:
        embedded_bus.publish(topic, b"", name="a")
        await until(lambda: handled)
        subscriber.check()
        assert subscriber.broken is None
    assert embedded_bus.pull_now(subscription) == []


async def test_a_stream_gone_silent_is_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    handled = Handled()
    with SilentPubsub(talks_from=3) as pubsub:
        async with subscribed(pubsub.address, SUBSCRIPTION, handled, monkeypatch, silent_s=0.4) as subscriber:
            await until(lambda: handled)
            subscriber.check()
            assert pubsub.streams >= 3


async def test_a_supervision_that_has_ended_is_unhealthy(
    embedded_bus: Bus, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription = embedded_bus.subscription(embedded_bus.topic())
    async with subscribed(cloud.pubsub_address, subscription, Handled(), monkeypatch) as subscriber:
        await until(lambda: subscriber.broken is None)
        subscriber.check()
        assert subscriber._supervision is not None
        subscriber._supervision.cancel()
        await asyncio.wait({subscriber._supervision})
        assert unhealthy(subscriber).startswith("The subscriber of")


async def test_a_message_that_is_never_done_with_is_unhealthy(
    embedded_bus: Bus, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WEDGED_S", 0.0)
    topic = embedded_bus.topic()
    entered, let_go = asyncio.Event(), asyncio.Event()

    class Wedged(Handled):
        async def take(self, attributes: Mapping[str, str]) -> None:
            entered.set()
            await let_go.wait()

    subscription = embedded_bus.subscription(topic)
    async with subscribed(cloud.pubsub_address, subscription, Wedged(), monkeypatch) as subscriber:
        subscriber.check()
        embedded_bus.publish(topic, b"", name="a")
        await entered.wait()
        assert unhealthy(subscriber).startswith("A message of")
        let_go.set()


async def test_a_stream_that_can_t_be_opened_anew_is_unhealthy(
    embedded_bus: Bus, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_DRAIN_S", 0.0)
    subscription = embedded_bus.subscription(embedded_bus.topic())
    async with subscribed(cloud.pubsub_address, subscription, Handled(), monkeypatch, silent_s=0.2) as subscriber:
        await until(lambda: subscriber.broken is None)
        assert subscriber._stream is not None
        monkeypatch.setattr(subscriber._stream, "cancel", lambda: False)
        await until(lambda: time.monotonic() - subscriber._sign_at > 0.5)
        assert "has delivered nothing for" in unhealthy(subscriber)
        monkeypatch.undo()
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", cloud.pubsub_address)


async def test_pub_sub_that_is_down_makes_no_replica_unhealthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DRAIN_S", 1.0)
    address = f"{HOST}:{free_port()}"
    async with subscribed(address, SUBSCRIPTION, Handled(), monkeypatch, silent_s=0.2) as subscriber:
        began = subscriber._sign_at
        await until(lambda: subscriber._sign_at > began + 2 * 0.2 + 1.0)
        subscriber.check()


def unhealthy(subscriber: Subscriber) -> str:
    with pytest.raises(DropforgeError) as caught:
        subscriber.check()
    assert caught.value.code is Code.INTERNAL
    return caught.value.message
