"""The proxy before fake-gcs-server, which keeps the preconditions that Cloud Storage keeps and that one does not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from urllib.parse import quote

from .proxy import Proxy, Reply, Request
from .storage_call import StorageCall

_NOT_KEPT = ("compose", "rewrite", "delete")
_WRITES = ("upload", "compose", "rewrite")


class StorageProxy(Proxy):
    """fake-gcs-server checks `ifGenerationMatch` on uploads only; here every operation's is checked, one at a time.

    The session of a resumable upload leads back here, where fake-gcs-server names its own address.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self._one_at_a_time = asyncio.Lock()

    async def forward(self, request: Request) -> Reply:
        asked = StorageCall.of(request)
        if asked.operation not in _NOT_KEPT or asked.generation is None:
            return self._leading_back(await super().forward(request))
        async with self._one_at_a_time:
            if await self._generation(asked) != asked.generation:
                return Reply(412, (("Content-Type", "application/json"),), b'{"error": {"code": 412}}')
            return await super().forward(request)

    def _leading_back(self, reply: Reply) -> Reply:
        headers = ((name, value.replace(f"http://{self.upstream}/", f"{self.url}/")) for name, value in reply.headers)
        return replace(reply, headers=tuple(headers))

    @property
    def calls(self) -> list[StorageCall]:
        """What it was asked to do with objects. Clients of other settings also look at the bucket itself."""
        return [call for call in map(StorageCall.of, self.asked) if call.operation != "other"]

    async def _generation(self, asked: StorageCall) -> int:
        target = f"/storage/v1/b/{quote(asked.bucket, safe='')}/o/{quote(asked.name, safe='')}"
        found = await super().forward(Request("GET", target, (), b"", 0))
        return int(json.loads(found.body)["generation"]) if found.status == 200 else 0

    def writes(self, bucket: str, name: str) -> list[int]:
        """The answers to the requests that were to make a generation of an object; 200 where one has."""

        def matches(request: Request) -> bool:
            if request.method == "POST" and "uploadType=resumable" in request.target:
                return False  # it opens a session, which makes no generation
            call = StorageCall.of(request)
            return call.operation in _WRITES and (call.bucket, call.name) == (bucket, name)

        return [status for _, status in self.settled(matches)]
