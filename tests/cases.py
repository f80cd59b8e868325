"""Counts the hostile cases that the tests hold, by group.

    python -m tests.cases [--json]

A case is one line of a table: one file, URL, address, answer, image, name, token or request with the outcome it must
have. What hypothesis and `tests.fuzz` make up is not counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]

# Group, and the tests whose cases are of it: the file below tests/, and the start of the test's name.
GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "CSV files",
        (
            ("unit/actors/csv/test_hostile_files.py", ""),
            ("unit/actors/csv/test_content.py", ""),
            ("unit/actors/csv/test_header.py", ""),
            ("unit/actors/csv/test_records.py", "test_a_"),
            ("unit/actors/csv/test_unpack.py", ""),
            ("unit/actors/csv/test_scan.py", "test_a_"),
            ("unit/actors/csv/test_scan.py", "test_lines_of"),
            ("stack/test_refused.py", ""),
            ("stack/test_rejects.py", ""),
        ),
    ),
    ("cells: formulas and text", (("unit/actors/csv/test_output.py", ""),)),
    (
        "URLs",
        (("unit/actors/images/test_urls.py", ""), ("unit/actors/images/test_browser_urls.py", "test_a_")),
    ),
    (
        "addresses and names of hosts",
        (("unit/actors/images/test_guard.py", ""), ("unit/actors/images/test_resolver.py", "")),
    ),
    (
        "redirects",
        (
            ("unit/actors/images/test_hostile_origin.py", "test_a_redirect"),
            ("unit/actors/images/test_download.py", "TestRedirects"),
            ("unit/actors/images/test_download_guard.py", ""),
        ),
    ),
    (
        "answers of image servers",
        (
            ("unit/actors/images/test_hostile_origin.py", "test_an_answer"),
            ("unit/actors/images/test_hostile_origin.py", "test_retry_after"),
            ("unit/actors/images/test_hostile_origin.py", "test_a_body"),
            ("unit/actors/images/test_download_bodies.py", ""),
            ("unit/actors/images/test_download_answers.py", ""),
            ("unit/actors/images/test_download.py", "test_a_status_has_its_code"),
        ),
    ),
    (
        "images and polyglots",
        (
            ("unit/actors/images/test_decode.py", ""),
            ("unit/actors/images/test_polyglots.py", ""),
            ("unit/actors/images/test_png.py", ""),
            ("unit/actors/images/test_jpeg.py", "test_only_the_picture"),
        ),
    ),
    (
        "ids and object names",
        (("unit/actors/images/test_names.py", ""), ("unit/serve_app/config/test_settings.py", "test_names_")),
    ),
    (
        "callers",
        (
            ("unit/serve_app/security/test_id_tokens.py", ""),
            ("unit/serve_app/security/test_access.py", ""),
            ("unit/serve_app/security/test_gate.py", ""),
            ("unit/serve_app/pubsub/test_gcs_event.py", ""),
            ("unit/test_secrets.py", ""),
            ("stack/test_closed.py", ""),
        ),
    ),
    ("dead letters", (("unit/serve_app/dead_letters/test_inbox.py", ""),)),
)


def collected() -> list[tuple[str, str]]:
    """Every case as its file below tests/ and the name of its test with its parameters."""
    files = sorted({str(Path("tests") / file) for _, tests in GROUPS for file, _ in tests})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-o", "addopts=", *files]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        raise click.ClickException(f"pytest could not collect the tests:\n{found.stdout[-2000:]}{found.stderr[-2000:]}")
    cases = []
    for line in found.stdout.splitlines():
        file, separator, name = line.partition("::")
        if separator:
            cases.append((file.removeprefix("tests/"), name))
    return cases


def counts() -> Counter[str]:
    """Cases by group. Fails where `GROUPS` names tests that are not there: a renamed one would be lost in silence."""
    found: Counter[str] = Counter()
    absent = {test for _, tests in GROUPS for test in tests}
    for file, name in collected():
        for group, tests in GROUPS:
            if matching := [(of, start) for of, start in tests if file == of and name.startswith(start)]:
                absent -= set(matching)
                found[group] += 1
                break
    if absent:
        raise click.ClickException(f"tests/cases.py names tests that are not there: {sorted(absent)}")
    return found


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(as_json: bool) -> None:
    found = counts()
    if as_json:
        click.echo(json.dumps({"groups": found, "total": found.total()}, indent=2))
        return
    for group, _ in GROUPS:
        click.echo(f"{found[group]:6}  {group}")
    click.echo(f"{found.total():6}  in all")


if __name__ == "__main__":
    main()
