"""How many blocking calls a replica may have open at a time."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from .bucket import CONNECTIONS


def one_for_each_connection() -> None:
    """Lets `asyncio.to_thread` use all of a storage client's connections; its default is a few threads a core.

    Call it on the event loop that is to use them.
    """
    threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="blocking")
    asyncio.get_running_loop().set_default_executor(threads)
