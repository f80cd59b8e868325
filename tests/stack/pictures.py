"""Makes the README's pictures of the status page from a running stack.

python tests/stack/pictures.py [FOLDER]
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect

from actors.model.drop import Drop
from infra.local.sample import sample
from tests.support.browser import DESKTOP, open_tab, running_browser
from tests.support.csv_records import csv_of, records_of
from tests.support.stack import Stack
from tests.support.trouble import catalogue

FOLDER = Path(__file__).resolve().parents[2] / "infra" / "pictures"

_PHONE = {"width": 390, "height": 844}
_COLOURS = 128
_COPIES = 40
_BUSY = "/pictures/busy.png"


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with Stack() as stack, running_browser() as browser:
        done = prepare(stack)
        large = stack.drop("in/autumn-catalogue.csv", many_times(sample(stack.images.url).content))
        stack.until("A third of the large run", lambda: part_done(stack, large) > 0.3)
        for name, path, scheme, viewport in (
            ("overview-light", "/", "light", DESKTOP),
            ("overview-phone", "/", "dark", _PHONE),
            ("run-dark", f"/page/runs/{done.run_id}", "dark", {"width": 1200, "height": 1750}),
            ("dead-letters-light", "/page/dead-letters", "light", {"width": 1200, "height": 560}),
        ):
            save(browser, stack.url, folder / f"{name}.png", path, scheme, viewport)


def prepare(stack: Stack) -> Drop:
    """Runs that ended in each way there is; the one that went well is returned."""
    made = sample(stack.images.url).content
    refused = stack.drop("in/price-list.csv", b"sku,price\r\n1,2\r\n")
    stack.result(refused)
    stack.images.statuses[_BUSY] = 503
    failing = stack.drop("in/marketplace/shoes.csv", catalogue(stack, _BUSY, rows=1))
    stack.until("A dead letter", lambda: failing.run_id in stack.ledger.incomplete_run_ids())
    del stack.images.statuses[_BUSY]
    done = stack.drop("in/spring-catalogue.csv", made)
    stack.done(done)
    return done


def many_times(content: bytes) -> bytes:
    """The sample's sound rows, again and again under other ids."""
    rows = sound_rows(content)
    return csv_of([row | {"uniq_id": f"{row['uniq_id']}-{copy}"} for copy in range(_COPIES) for row in rows])


def sound_rows(content: bytes) -> list[dict[str, str]]:
    rows = records_of(content.decode("utf-8", "ignore").encode())
    return [row for row in rows if row["product_specifications"] and row["description"] and None not in row]


def part_done(stack: Stack, drop: Drop) -> float:
    view = stack.view(drop)
    shards = view["shards"] if view else {"planned": 0}
    return shards["done"] / shards["planned"] if shards["planned"] else 0.0


def save(browser: Browser, url: str, file: Path, path: str, scheme: str, viewport: dict[str, int]) -> None:
    with open_tab(browser, url, color_scheme=scheme, viewport=viewport) as tab:
        tab.page.goto(path, wait_until="networkidle")
        expect(tab.page.get_by_role("heading", level=1)).to_be_visible()
        picture = Image.open(io.BytesIO(tab.page.screenshot()))
    picture.convert("RGB").quantize(_COLOURS).save(file, optimize=True)
    print(f"{file} {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
