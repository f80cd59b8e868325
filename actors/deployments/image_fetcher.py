"""The stage that fetches, checks and stores each row's image."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Coroutine
from typing import Any

from actors import logs
from actors.errors import Code
from actors.images.settings import ImageSettings
from actors.images.stage import ImageFailure, ImageStage, ImageTarget
from actors.model.attempt import Attempt
from actors.model.drop import Shard
from actors.model.frame import ImageColumn
from actors.model.handoff import Handoff, ReadShard
from actors.model.run import Run
from actors.trace_context import within

from . import liveness
from .object_store import hand_off

logger = logging.getLogger("dropforge.images")


class ImageFetcher:
    """Holds the HTTP session, the DNS cache and what is known of each host. One event loop, hundreds of fetches."""

    _open = False

    async def __init__(self, settings: ImageSettings, project: str) -> None:  # type: ignore[misc]  # Serve awaits it
        self._node = logs.configure(project)
        # Thousands of short-lived tasks hold no cycles: at Python's default the collector takes a quarter of the CPU.
        gc.set_threshold(50_000, 20, 20)
        self._stage = ImageStage(settings, on_failure=self._log)
        await self._stage.__aenter__()
        self._open = True

    async def fetch(self, run: Run, shard: Shard, read: Handoff[ReadShard], attempt: Attempt) -> Handoff[ImageColumn]:
        """An image a row, in row order. An attempt that is not new looks for images that an earlier one has stored.

        Raises `IMAGE_HOST_DOWN` where more rows than tolerated fail for a reason that may pass and the attempt does not
        give their images up.
        """
        rows = (await read.ref).frame.rows
        started = time.perf_counter()
        target = ImageTarget(run.image_bucket, run.image_folder)
        with within(run.trace), logs.about(run=run.run_id, shard=shard.index):
            column = await self._stage.fetch(
                rows, run.catalogue, target, resume=not attempt.new, give_up=attempt.give_up_images
            )
        return hand_off(column, rows=len(column.uris), started=started)

    async def check_health(self) -> None:
        """The loop turns, the session is open and the decoder's threads answer; no host and no bucket is asked."""
        liveness.expect("The format of a GIF", await self._stage.probe(), "gif")

    def _log(self, failure: ImageFailure) -> None:
        what = "not found" if failure.code is Code.IMAGE_NOT_FOUND else failure.code
        extra = logs.labels(stage="images", code=failure.code, row=failure.row, id=failure.row_id)
        logger.error("ray_worker_node_id:%s Image '%s' %s", self._node, failure.url, what, extra=extra)

    async def close(self) -> None:
        """Closes the session, the decoder and the store; to be called once."""
        self._open = False
        await self._stage.__aexit__(None, None, None)

    def __del__(self) -> Coroutine[Any, Any, None] | None:
        # Serve calls it when it stops a replica and awaits what it gives; Python calls it again and can await nothing.
        return self.close() if self._open else None
