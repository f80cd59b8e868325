"""What a Google Cloud project answers and the local cloud can't: a bucket's notifications, and permissions.

Cloud Storage's JSON API over HTTP, with the few calls of `dropforge doctor`; and IAM in front of the local Pub/Sub,
which gets every other call passed on.
"""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import grpc
from google.iam.v1 import iam_policy_pb2, policy_pb2

from infra.local.port import HOST

NUMBER = 42
STORAGE_AGENT = "serviceAccount:service-42@gs-project-accounts.iam.gserviceaccount.com"
PUBSUB_AGENT = "serviceAccount:service-42@gcp-sa-pubsub.iam.gserviceaccount.com"


class FakeProject:
    """Runs while the `with` block does. Everything is granted, until a test takes it away.

    `notifications` are by bucket; `denied` are permissions that the caller lacks; `ungranted` are roles that no service
    agent has; `skew_s` is how far the server's clock is ahead.
    """

    def __init__(self, pubsub_address: str) -> None:
        self.notifications: dict[str, list[dict[str, Any]]] = {}
        self.denied: set[str] = set()
        self.ungranted: set[str] = set()
        self.skew_s = 0.0
        project = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = project._answer(self.path)
                body = json.dumps(answer if answer is not None else {"error": {"code": 404}}).encode()
                self.send_response(200 if answer is not None else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return formatdate(time.time() + project.skew_s, usegmt=True)

            def log_message(self, format: str, *values: Any) -> None:
                """Says nothing."""

        self._http = ThreadingHTTPServer((HOST, 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._channel = grpc.insecure_channel(pubsub_address)
        self._grpc = grpc.server(ThreadPoolExecutor(8))
        self._grpc.add_generic_rpc_handlers([_Iam(self, self._channel)])
        self.pubsub_address = f"{HOST}:{self._grpc.add_insecure_port(f'{HOST}:0')}"
        self.storage_url = f"http://{HOST}:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._grpc.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._grpc.stop(None).wait()
        self._channel.close()

    def _answer(self, target: str) -> dict[str, Any] | None:
        parts = urlsplit(target)
        if re.fullmatch(r"/storage/v1/projects/[^/]+/serviceAccount", parts.path):
            return {"email_address": STORAGE_AGENT.removeprefix("serviceAccount:")}
        found = re.fullmatch(r"/storage/v1/b/([^/]+)(/.+)?", parts.path)
        match found and found[2]:
            case "/notificationConfigs":
                return {"items": self.notifications.get(found[1], [])} if found else None
            case "/iam/testPermissions":
                return {
                    "permissions": [name for name in parse_qs(parts.query)["permissions"] if name not in self.denied]
                }
            case None:
                return {"name": found[1], "projectNumber": str(NUMBER)} if found else None
        return None

    def permissions(self, data: bytes) -> bytes:
        asked = iam_policy_pb2.TestIamPermissionsRequest.FromString(data)
        held = [name for name in asked.permissions if name not in self.denied]
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=held).SerializeToString()

    def policy(self) -> bytes:
        bindings = [
            policy_pb2.Binding(role=role, members=[STORAGE_AGENT, PUBSUB_AGENT])
            for role in ("roles/pubsub.publisher", "roles/pubsub.subscriber")
            if role not in self.ungranted
        ]
        return policy_pb2.Policy(bindings=bindings).SerializeToString()


class _Iam(grpc.GenericRpcHandler):
    def __init__(self, project: FakeProject, channel: grpc.Channel) -> None:
        self._project = project
        self._channel = channel

    def service(self, handler_call_details: Any) -> grpc.RpcMethodHandler:
        method = handler_call_details.method

        def answer(data: bytes, context: grpc.ServicerContext) -> bytes:
            match method.rpartition("/")[2]:
                case "TestIamPermissions":
                    return self._project.permissions(data)
                case "GetIamPolicy":
                    return self._project.policy()
            try:
                passed: bytes = self._channel.unary_unary(method)(data, timeout=10)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
            return passed

        return grpc.unary_unary_rpc_method_handler(answer)
