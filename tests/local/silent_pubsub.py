"""A Pub/Sub of one message whose first streams say nothing: they stay open, and look like ones with nothing to say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf import empty_pb2
from google.pubsub_v1 import types

from infra.local.port import HOST

_PATIENCE_S = 60.0


class SilentPubsub:
    """Speaks StreamingPull and Acknowledge while the `with` block runs; stream number `talks_from` gets the message."""

    def __init__(self, *, talks_from: int) -> None:
        self._talks_from = talks_from
        self._over = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(16))
        self.streams = 0
        streaming = grpc.stream_stream_rpc_method_handler(
            self._stream, types.StreamingPullRequest.deserialize, types.StreamingPullResponse.serialize
        )
        nothing = grpc.unary_unary_rpc_method_handler(
            lambda request, context: empty_pb2.Empty(), lambda data: data, empty_pb2.Empty.SerializeToString
        )
        methods = {"StreamingPull": streaming, "Acknowledge": nothing, "ModifyAckDeadline": nothing}
        self._server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("google.pubsub.v1.Subscriber", methods)]
        )
        self.address = f"{HOST}:{self._server.add_insecure_port(f'{HOST}:0')}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.stop(None).wait(_PATIENCE_S)

    def _stream(self, requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        ended = threading.Event()
        context.add_callback(ended.set)
        self.streams += 1
        if self.streams >= self._talks_from:
            message = types.PubsubMessage(attributes={"name": "heard"}, message_id="1")
            yield types.StreamingPullResponse(received_messages=[{"ack_id": "1", "message": message}])
        while not (ended.wait(0.05) or self._over.is_set()):
            pass
