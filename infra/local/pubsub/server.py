"""The gRPC server: the request and response message of each method, and how errors reach the client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from google.api_core.exceptions import GoogleAPICallError

from actors.errors import Code, DropforgeError

from . import push, wire
from .broker import Broker
from .journal import Journal
from .publisher import Publisher
from .subscriber import PULL_WAIT_S, Subscriber
from .subscription import Subscription

logger = logging.getLogger(__name__)

_TICK_S = 0.05
_GRACE_S = 0.5
_OPTIONS = [
    ("grpc.max_receive_message_length", 11 << 20),  # a publish request has at most 10 MB
    ("grpc.so_reuseport", 0),  # a second server on the same port must fail rather than share it
]
_PUBLISHER = {
    "CreateTopic": (wire.Topic, wire.Topic),
    "UpdateTopic": (wire.UpdateTopicRequest, wire.Topic),
    "Publish": (wire.PublishRequest, wire.PublishResponse),
    "GetTopic": (wire.GetTopicRequest, wire.Topic),
    "ListTopics": (wire.ListTopicsRequest, wire.ListTopicsResponse),
    "ListTopicSubscriptions": (wire.ListTopicSubscriptionsRequest, wire.ListTopicSubscriptionsResponse),
    "DeleteTopic": (wire.DeleteTopicRequest, wire.Empty),
}
_SUBSCRIBER = {
    "CreateSubscription": (wire.Subscription, wire.Subscription),
    "GetSubscription": (wire.GetSubscriptionRequest, wire.Subscription),
    "UpdateSubscription": (wire.UpdateSubscriptionRequest, wire.Subscription),
    "ListSubscriptions": (wire.ListSubscriptionsRequest, wire.ListSubscriptionsResponse),
    "DeleteSubscription": (wire.DeleteSubscriptionRequest, wire.Empty),
    "ModifyPushConfig": (wire.ModifyPushConfigRequest, wire.Empty),
    "Pull": (wire.PullRequest, wire.PullResponse),
    "Acknowledge": (wire.AcknowledgeRequest, wire.Empty),
    "ModifyAckDeadline": (wire.ModifyAckDeadlineRequest, wire.Empty),
}


@asynccontextmanager
async def serving(host: str, port: int, state: Path | None, *, pull_wait_s: float = PULL_WAIT_S) -> AsyncIterator[int]:
    """Runs the server inside the `with` block, and yields its port (one that the system chose if `port` is 0).

    Raises `BAD_SETTINGS` when the port or the state folder is in use.
    """
    journal = Journal(state)
    tasks: set[asyncio.Task[None]] = set()

    def start_push(subscription: Subscription) -> None:
        task = asyncio.create_task(push.deliver(subscription), name=f"push {subscription.name}")
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    try:
        broker = Broker(journal, start_push)
        server = grpc.aio.server(options=_OPTIONS)
        server.add_generic_rpc_handlers(_handlers(broker, pull_wait_s))
        bound = _bind(server, host, port)
        await server.start()
        tasks.add(asyncio.create_task(_keep_time(broker), name="clock"))
        try:
            yield bound
        finally:
            await server.stop(_GRACE_S)
    finally:
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        journal.close()


def _bind(server: grpc.aio.Server, host: str, port: int) -> int:
    try:
        return server.add_insecure_port(f"{host}:{port}")
    except RuntimeError as error:
        raise DropforgeError(
            Code.BAD_SETTINGS, f"Could not bind {host}:{port}; choose another port with --port. {error}"
        ) from error


async def _keep_time(broker: Broker) -> None:
    while True:
        broker.tick(_report)
        await asyncio.sleep(_TICK_S)


def _report(subscription: Subscription, error: Exception) -> None:
    logger.error("Could not apply the deadlines of %s; trying again", subscription.name, exc_info=error)


def _handlers(broker: Broker, pull_wait_s: float) -> list[grpc.GenericRpcHandler]:
    publisher, subscriber = Publisher(broker), Subscriber(broker, pull_wait_s)
    streaming = grpc.stream_stream_rpc_method_handler(
        _streaming(subscriber.StreamingPull),
        wire.StreamingPullRequest.FromString,
        wire.StreamingPullResponse.SerializeToString,
    )
    return [
        grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", _unary_methods(publisher, _PUBLISHER)),
        grpc.method_handlers_generic_handler(
            "google.pubsub.v1.Subscriber", {**_unary_methods(subscriber, _SUBSCRIBER), "StreamingPull": streaming}
        ),
    ]


def _unary_methods(service: object, messages: dict[str, tuple[Any, Any]]) -> dict[str, grpc.RpcMethodHandler]:
    return {
        method: grpc.unary_unary_rpc_method_handler(
            _unary(getattr(service, method)), request.FromString, response.SerializeToString
        )
        for method, (request, response) in messages.items()
    }


def _unary(method: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, grpc.aio.ServicerContext], Awaitable[Any]]:
    async def handle(request: Any, context: grpc.aio.ServicerContext) -> Any:
        try:
            return await method(request)
        except Exception as error:
            await _abort(context, error)

    return handle


def _streaming(
    method: Callable[[AsyncIterator[Any], Callable[[Any], Awaitable[None]]], Awaitable[None]],
) -> Callable[[AsyncIterator[Any], grpc.aio.ServicerContext], Awaitable[None]]:
    async def handle(requests: AsyncIterator[Any], context: grpc.aio.ServicerContext) -> None:
        try:
            await method(requests, context.write)
        except Exception as error:
            await _abort(context, error)

    return handle


async def _abort(context: grpc.aio.ServicerContext, error: Exception) -> None:
    """Ends the call with the error's gRPC status; any other error is logged and ends it with INTERNAL."""
    if isinstance(error, GoogleAPICallError):
        await context.abort(error.grpc_status_code, error.message)
    logger.error("A call failed inside the server", exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, f"The local Pub/Sub failed; its log has the traceback: {error!r}")
