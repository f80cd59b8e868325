from __future__ import annotations

import json

import pytest

from actors.csv.output import failed_urls_jsonl
from actors.errors import Code, DropforgeError
from actors.images.failed_urls import NOTE_BYTES, image_failure, notable, note_of, noted, printable
from actors.images.guard import AddressGuard
from actors.images.urls import checked_url
from actors.model.frame import ImageFailure


def failure_of(url: str, message: str = "", code: Code = Code.BAD_URL) -> ImageFailure:
    return image_failure(7, "id7", url, DropforgeError(code, message))


@pytest.mark.parametrize(
    ("url", "message", "detail"),
    [
        ("http://h/a", "http://h/a answered with status 404.", "The URL answered with status 404."),
        ("http://h/a", "http://other/b answered with status 404.", "http://other/b answered with status 404."),
        (
            "http://h/a",
            "http://u:pw@other/b: its host was not resolved.",
            "http://…@other/b: its host was not resolved.",
        ),
        ("a", "Some answer", "Some answer"),
        ("http://h/a", "line\nforged\x1b[2J", "line\\nforged\\x1b[2J"),
        ("http://h/a", f"http://h/{'b' * 900} answered with status 404.", None),
    ],
)
def test_a_detail_says_what_happened_and_not_the_url(url: str, message: str, detail: str | None) -> None:
    told = failure_of(url, message).detail
    assert detail is None or told == detail
    assert len(told) <= 200
    assert told.isprintable()
    assert not message.endswith("404.") or told.endswith(" answered with status 404.")


HOSTILE = [
    "http://a\nFORGED LOG LINE",
    "\x1b]0;title\x07http://h/",
    "\u202egpj.exe",
    '","code":"stored","x":"',
    "\x00",
    "\ud800",
    "x" * (1 << 20),
    "\\" * (1 << 20),
    "/" * (1 << 20),
    ":" * (1 << 20) + "@",
    "//a@" * (1 << 18),
    "http://" + "é" * 9000,
]


@pytest.mark.parametrize("url", HOSTILE, ids=lambda url: ascii(url[:12]))
def test_any_text_is_one_short_line_that_can_be_read_back(url: str) -> None:
    with pytest.raises(DropforgeError) as raised:
        checked_url(url, AddressGuard(), (80, 443))
    failure = image_failure(3, url, url, raised.value)
    line = failed_urls_jsonl([failure])
    assert line.count(b"\n") == 1
    assert len(line) < 20_000
    read = json.loads(line)
    assert list(read) == ["row", "id", "url", "code", "detail"]
    assert (read["row"], read["code"], read["url"]) == (3, raised.value.code, printable(url))
    assert read["id"] == url[:512]
    assert read["url"].isprintable()
    assert read["detail"].isprintable()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://user:pw@host/a.jpg?x=1@2", "http://…@host/a.jpg?x=1@2"),
        ("http://host/a@2x.jpg", "http://host/a@2x.jpg"),
        ("image@2x.jpg", "image@2x.jpg"),
        ("HTTP:user:pw@host/", "HTTP:…@host/"),
        (" user:pw@host/", " …@host/"),
        (f"http://{'u' * 5000}@host/", "http://…"),
        (f"http://host/{'a' * 3000}", f"http://host/{'a' * 2036}"),
    ],
)
def test_what_stays_of_a_url(url: str, told: str) -> None:
    assert printable(url) == told


def test_a_note_is_read_back() -> None:
    urls = [f"http://h/{index}" for index in range(3)]
    failures = [failure_of(url, 'It says "ä\\n".', Code.NOT_AN_IMAGE) for url in urls[:2]]
    assert noted(note_of(failures), 7, "id7", urls) == failures
    assert note_of(failures).isascii()
    assert note_of([]) == ""


@pytest.mark.parametrize("character", ["a", "ä", '"', "\\", "\x00"])
def test_a_note_always_fits_and_holds_the_first(character: str) -> None:
    urls = [f"http://h/{index}" for index in range(5000)]
    failures = [failure_of(url, character * 500) for url in urls]
    note = note_of(failures)
    assert len(json.dumps(note)) <= NOTE_BYTES + 100
    first = noted(note, 7, "id7", urls)
    assert first == notable(failures) == failures[: len(first)]
    assert len(first) >= 2


def test_the_usual_details_of_a_row_s_urls_fit() -> None:
    failures = [failure_of("http://h/", "http://h/ answered with status 404.", Code.IMAGE_NOT_FOUND)] * 32
    assert notable(failures) == failures


@pytest.mark.parametrize("note", ["", "x", "[1]", '[["a"]]', '[["no code","b"]]', "null", "[" * 100_000, '{"a":1}'])
def test_a_strange_note_holds_nothing(note: str) -> None:
    assert noted(note, 1, "a", ["http://h/"]) == []
