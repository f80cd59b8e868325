"""`dropforge demo`: processes one drop from start to end on this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from serve_app.cli.screen.terminal import console, print_json

from . import options

if TYPE_CHECKING:
    from rich.console import Console

    from infra.local.cloud import Engine

_SHARD_ROWS = 40  # small, so that a small file shows several shards


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--keep", is_flag=True, help="Keep the system running after the run, until Ctrl-C.")
@options.pubsub
@options.config
@options.as_json
def demo(file: Path | None, keep: bool, pubsub: Engine, config: Path | None, as_json: bool) -> None:
    """Process one drop from start to end on this machine.

    The demo starts the local cloud and the application, uploads a catalogue, shows its run, and checks the counts.

    Without FILE it uploads a generated catalogue with planned faults: invalid rows, missing images, files that are
    not images, and a host that fails twice before it answers. FILE needs the columns of the Flipkart product CSV, or
    those that the config file names; its images are fetched from the internet. Everything is kept in memory and
    removed at the end.

    \b
    Examples:
      dropforge demo
      dropforge demo my-catalogue.csv --keep
      dropforge demo --json | jq .run.counts
    """
    from infra.local.image_host import ImageHost
    from infra.local.port import free_port
    from serve_app.cli.client.endpoint import claim
    from serve_app.cli.local.local_system import LocalSystem, LocalSystemOptions
    from serve_app.cli.local.trial import catalogue_of, trial
    from serve_app.cli.screen.report import aligned

    screen = console(stderr=as_json)
    started = time.monotonic()
    with ExitStack() as running:
        endpoint_file = running.enter_context(claim(Path.cwd())) if keep else None
        image_host = running.enter_context(ImageHost())
        system_options = LocalSystemOptions(
            port=free_port(), settings=_settings(image_host.port), replicas={"Cleaner": 1}, pubsub=pubsub, config=config
        )
        with _starting(screen) as show:
            system = running.enter_context(LocalSystem(system_options, on_progress=show))
        screen.print(f"[bold]Running on this machine[/bold] after {time.monotonic() - started:.0f} s")
        screen.print(aligned(system.addresses() | {"image host": image_host.url}))
        if endpoint_file is not None:
            endpoint_file.publish(system.endpoint)
        result = trial(system, running.enter_context(catalogue_of(file, image_host.url)), screen)
        retried = sum(1 for path, count in image_host.requests.items() if path.startswith("/flaky/") and count > 2)
        if retried:
            screen.print(
                f"{retried} images were fetched at the third attempt, after their host had answered 503 twice."
            )
        if as_json:
            seconds = round(time.monotonic() - started, 1)
            print_json({"ok": not result.faults, "seconds": seconds, **result.as_json()})
        if keep:
            screen.print(f"\nRunning until Ctrl-C. In another shell: {_command()} runs")
            system.wait()
    if not keep:
        screen.print(f"\nEverything is stopped and removed, after {time.monotonic() - started:.0f} s.")
        screen.print(f"Next, with a file of your own: make demo FILE=catalogue.csv KEEP=1   or: {_command()} up")
    sys.exit(1 if result.faults else 0)


def _settings(image_port: int) -> dict[str, Any]:
    """Allows the image host's loopback address and port, which the defaults forbid."""
    images = {
        "allowed_networks": ["127.0.0.0/8"],
        "allowed_ports": [80, 443, image_port],
        "own_hosts": ["127.0.0.1"],
    }
    return {"images": images, "shard_rows": _SHARD_ROWS}


@contextlib.contextmanager
def _starting(screen: Console) -> Iterator[Callable[[str], None]]:
    if not screen.is_terminal:
        yield screen.print
        return
    with screen.status("starting") as status:
        yield status.update


def _command() -> str:
    """How to call `dropforge` from this shell."""
    return "dropforge" if shutil.which("dropforge") else os.path.relpath(sys.argv[0])
