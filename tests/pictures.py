"""Runs the decision about an image's bytes over any folder of images.

    python -m tests.pictures FOLDER [--browser] [--list] [--json]

Every file below the folder is decided by its bytes alone, one after the other, with the default limits of the image
stage. Printed are the numbers of accepted and refused images, the latter by code, the seconds of CPU, and the peak of
the process's memory. With `--browser`, Chromium loads each file from a server on this machine, and the images that only
one of the two takes are counted: a picture is shown if it has a width, however much of it is there.

Public suites to run it over stay outside the repository.
"""

from __future__ import annotations

import json
import resource
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click

from actors.errors import DropforgeError
from actors.images.decode import decoded_format
from actors.images.settings import ImageSettings

from .support.browser import running_browser

ACCEPTED = "accepted"
_AT_A_TIME = 8
_SHOWN = """urls => Promise.all(urls.map(url => new Promise(done => {
    const image = new Image();
    image.onload = image.onerror = () => done(image.naturalWidth > 0);
    setTimeout(() => done(false), 20000);
    image.src = url;
})))"""


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one file. `outcome` is `accepted` or a code; `shown` is None where no browser was asked."""

    file: str
    outcome: str
    detail: str
    cpu_s: float
    shown: bool | None = None


def decide(folder: Path, file: Path, settings: ImageSettings) -> Decision:
    data = file.read_bytes()
    started = time.process_time()
    try:
        found = decoded_format(data, max_pixels=settings.max_pixels, max_frames=settings.max_frames)
        outcome, detail = ACCEPTED, found.extension
    except DropforgeError as error:
        outcome, detail = str(error.code), error.message
    return Decision(str(file.relative_to(folder)), outcome, detail, time.process_time() - started)


@contextmanager
def served(files: list[Path]) -> Iterator[str]:
    """A server on this machine that sends each file by its number."""

    class Files(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = self.path.strip("/")
            data = files[int(number)].read_bytes() if number.isdigit() else b"<!doctype html><title>pictures</title>"
            self.send_response(200)
            self.send_header("Content-Type", "image/png" if number.isdigit() else "text/html")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(OSError):  # a browser hangs up as soon as it knows that there is no picture
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def shown_by_browser(files: list[Path]) -> tuple[str, list[bool]]:
    """The browser's version, and for each file whether it shows a picture."""
    shown: list[bool] = []
    with served(files) as url, running_browser() as browser:
        for start in range(0, len(files), _AT_A_TIME):
            page = browser.new_page()
            page.goto(url)
            numbers = range(start, min(start + _AT_A_TIME, len(files)))
            shown += page.evaluate(_SHOWN, [f"{url}{number}" for number in numbers])
            page.close()
        return browser.version, shown


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--browser", is_flag=True, help="compare with Chromium")
@click.option("--list", "listed", is_flag=True, help="name every refused file, and what only one of the two takes")
@click.option("--json", "as_json", is_flag=True, help="print every decision as JSON")
def main(folder: Path, browser: bool, listed: bool, as_json: bool) -> None:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    decisions = [decide(folder, file, ImageSettings()) for file in files]
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    version = None
    if browser:
        version, shown = shown_by_browser(files)
        decisions = [
            Decision(each.file, each.outcome, each.detail, each.cpu_s, bool(is_shown))
            for each, is_shown in zip(decisions, shown, strict=True)
        ]
    outcomes = Counter(each.outcome for each in decisions)
    cpu_s = sum(each.cpu_s for each in decisions)
    only_shown = [each for each in decisions if each.shown and each.outcome != ACCEPTED]
    only_accepted = [each for each in decisions if each.shown is False and each.outcome == ACCEPTED]
    if as_json:
        totals = {"outcomes": outcomes, "cpu_s": cpu_s, "peak_mib": peak_mib, "browser": version}
        click.echo(json.dumps(totals | {"decisions": [asdict(each) for each in decisions]}, indent=1))
        return
    for outcome, number in sorted(outcomes.items()):
        click.echo(f"{number:6}  {outcome}")
    click.echo(f"{len(files):6}  in all, {cpu_s:.1f} s of CPU, {peak_mib:.0f} MiB at the peak")
    if version:
        click.echo(f"{len(only_shown):6}  refused and shown by Chromium {version}")
        click.echo(f"{len(only_accepted):6}  accepted and not shown")
    if listed:
        for each in only_shown + only_accepted if version else decisions:
            if version or each.outcome != ACCEPTED:
                click.echo(f"{each.outcome}\t{each.file}\t{each.detail}")


if __name__ == "__main__":
    main()
