"""`python -m infra.local.pubsub`: serves until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from actors.errors import DropforgeError

from .server import serving
from .subscriber import PULL_WAIT_S


async def serve(host: str, port: int, state: Path | None, pull_wait_s: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(host, port, state, pull_wait_s=pull_wait_s) as bound:
        print(f"Pub/Sub listening on {host}:{bound}", flush=True)
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.pubsub", description="A Pub/Sub server for this machine."
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to bind; everyone who can reach it can use the server"
    )
    parser.add_argument("--port", type=int, default=8085, help="port to bind, 0 for a free one")
    parser.add_argument("--state", type=Path, help="folder that keeps messages between restarts; default: in memory")
    parser.add_argument(
        "--pull-wait", type=float, default=PULL_WAIT_S, help="seconds after which a pull without messages is answered"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        asyncio.run(serve(arguments.host, arguments.port, arguments.state, arguments.pull_wait))
    except DropforgeError as error:
        parser.exit(1, f"{error.message}\n")


if __name__ == "__main__":
    main()
