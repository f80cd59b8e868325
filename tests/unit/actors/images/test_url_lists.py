"""Lists of URLs in the syntaxes of many programs. The cells of programs are as they printed them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.errors import DropforgeError
from actors.images.guard import AddressGuard
from actors.images.url_lists import split_any, split_delimited
from actors.images.urls import Candidate, candidates, checked_url
from actors.model.catalogue import Catalogue
from tests.support.csv_records import records_of

AUTO = Catalogue(image_list="auto")
DELIMITED = Catalogue(image_list="delimited")
BASED = Catalogue(image_list="auto", image_base_url="https://shop/media/")

ONE, TWO = "http://a/1.jpg", "http://a/2.jpg"
CLOUDINARY = "https://res.cloudinary.com/demo/image/upload/w_300,h_200/sample.jpg"


def urls(cell: str, catalogue: Catalogue = AUTO) -> list[str]:
    return [each.url for each in candidates(cell, catalogue)]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (r'["http:\/\/a\/1.jpg","http:\/\/a\/2.jpg"]', [ONE, TWO]),  # PHP 8.2, json_encode
        (r'{"1":"http:\/\/a\/1.jpg","3":"http:\/\/a\/2.jpg"}', [ONE, TWO]),  # PHP 8.2, a list with a gap
        ("['http://a/1.jpg', 'http://a/2.jpg']", [ONE, TWO]),  # Python 3.11, str of a list
        ("('http://a/1.jpg',)", [ONE]),
        ("['http://a/1.jpg'\n 'http://a/2.jpg']", [ONE, TWO]),  # numpy 2, str of an array
        ("[\"http://a/it's.jpg\", 'http://a/2.jpg', None]", ["http://a/it's.jpg", TWO]),
        (r"['http://a/\xe9.jpg', 'http://a/\'.jpg']", ["http://a/é.jpg", "http://a/'.jpg"]),
        (f'["{ONE}", "{TWO}"]', [ONE, TWO]),
        (f'["{ONE}", null, "{TWO}", ""]', [ONE, TWO]),
        (f'["{ONE}", "{TWO}"', [ONE, TWO]),
        (f"[{ONE},{TWO}]", [ONE, TWO]),
        (f'"{ONE}"', [ONE]),
        (f'"{ONE}", "{TWO}"', [ONE, TWO]),
        (f'["{CLOUDINARY}", "{CLOUDINARY}"]', [CLOUDINARY] * 2),
        (f"['{CLOUDINARY}', '{ONE}']", [CLOUDINARY, ONE]),
        (f'["{CLOUDINARY}", "{ONE}"', [CLOUDINARY, ONE]),
        (f"{CLOUDINARY},{CLOUDINARY}", [CLOUDINARY] * 2),
        (f"{CLOUDINARY}, {ONE},", [CLOUDINARY, ONE]),
        (f"{ONE}|{TWO}", [ONE, TWO]),
        (f"{ONE} ; {TWO}", [ONE, TWO]),
        (f"{ONE}\n{TWO}\r\n", [ONE, TWO]),
        (f"{ONE} {TWO}", [ONE, TWO]),
        (f"{ONE},//b/2.jpg", [ONE, "https://b/2.jpg"]),
        ("//b/1.jpg,HTTPS://b/2.jpg", ["https://b/1.jpg", "HTTPS://b/2.jpg"]),
        ("http://a/?u=http://b/1,2", ["http://a/?u=http://b/1,2"]),
        ("http://a/f:jpg,http:x/1.jpg", ["http://a/f:jpg,http:x/1.jpg"]),
        ("", []),
        ("[]", []),
        ("{}", []),
        (" , ", []),
        ("[1]", ["1"]),
        ("['a' + 'b']", ["a' + 'b"]),
    ],
)
def test_auto_reads_what_the_cell_has(cell: str, expected: list[str]) -> None:
    assert urls(cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (f"{CLOUDINARY},{ONE}", [CLOUDINARY, ONE]),
        (f"{ONE},,{TWO}", [ONE, TWO]),
        ("http://a/x,,y.jpg", ["http://a/x,,y.jpg"]),
        (f"{ONE} , {TWO},", [ONE, TWO]),
        ("a.jpg,b.jpg", ["a.jpg", "b.jpg"]),
        ("/w_3,h_2/a.jpg,/w_3,h_2/b.PNG?v=1,c.jpg", ["/w_3,h_2/a.jpg", "/w_3,h_2/b.PNG?v=1", "c.jpg"]),
        (f",,{ONE}", [ONE]),
    ],
)
def test_delimited_keeps_the_commas_of_urls(cell: str, expected: list[str]) -> None:
    assert urls(cell, DELIMITED) == expected


def test_empty_entries_are_counted() -> None:
    assert candidates(f",{ONE},,{TWO},", DELIMITED) == (Candidate(1, ONE), Candidate(3, TWO))
    assert candidates(f'["", "{ONE}", null, "{TWO}"]', AUTO) == (Candidate(1, ONE), Candidate(3, TWO))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("a.jpg", ["https://shop/media/a.jpg"]),
        ("/m/b/1.jpg,/m/b/2.jpg", ["https://shop/media/m/b/1.jpg", "https://shop/media/m/b/2.jpg"]),  # Magento 2.4
        ("a.jpg|b.jpg", ["https://shop/media/a.jpg", "https://shop/media/b.jpg"]),
        (f"//host/a.jpg {ONE}", ["https://host/a.jpg", ONE]),
        ('["w_3,h_2/a.jpg"]', ["https://shop/media/w_3,h_2/a.jpg"]),
        ("?id=1", ["https://shop/media/?id=1"]),
        ("javascript:alert(1)", ["javascript:alert(1)"]),
        (".evil.example/a.jpg", ["https://shop/media/.evil.example/a.jpg"]),
        ("@evil.example/a.jpg", ["https://shop/media/@evil.example/a.jpg"]),
    ],
)
def test_a_base_is_put_before_relative_urls(cell: str, expected: list[str]) -> None:
    assert urls(cell, BASED) == expected


@pytest.mark.parametrize("base", ["shop/media", "ftp://shop/", "https://", "https://shop/?a=", "https://shop/#a"])
def test_a_base_is_an_http_url(base: str) -> None:
    with pytest.raises(ValueError, match="image_base_url"):
        Catalogue(image_base_url=base)


def test_several_columns_are_one_list() -> None:
    catalogue = Catalogue.model_validate({"columns": {"image": ["main", "more"]}, "image_list": "auto"})
    cell = json.dumps([ONE, f"{TWO},{CLOUDINARY}"])
    assert candidates(cell, catalogue) == (Candidate(0, ONE), Candidate(1, TWO), Candidate(2, CLOUDINARY))
    assert candidates("", catalogue) == ()


@pytest.mark.parametrize(
    ("cell", "catalogue", "setting"),
    [
        (r'["http:\/\/a\/1.jpg"]', Catalogue(), "`image_list` to `auto`"),
        ("['http://a/1.jpg']", Catalogue(), "`image_list` to `auto`"),
        ("['http://a/1.jpg']", Catalogue(image_list="json"), "`image_list` to `auto`"),
        ('["/a/1.jpg"]', Catalogue(), "`image_base_url`"),
        ("h_200/sample.jpg", Catalogue(), "`image_list` to `auto`"),
    ],
)
def test_a_message_names_the_setting(cell: str, catalogue: Catalogue, setting: str) -> None:
    guard = AddressGuard([])
    with pytest.raises(DropforgeError) as raised:
        [checked_url(each.url, guard, {80, 443}) for each in candidates(cell, catalogue)]
    assert setting in raised.value.message


PATHS = st.text(st.sampled_from("ab1,;_-.()'[]%"), max_size=12)
URLS = st.builds("{}://{}/{}x".format, st.sampled_from(["http", "https"]), st.sampled_from(["a", "b.example"]), PATHS)


@given(st.lists(URLS))
def test_any_list_of_urls_reads_back(expected: list[str]) -> None:
    assert urls(json.dumps(expected)) == expected
    assert urls(json.dumps(expected).replace("/", r"\/")) == expected
    assert urls(repr(expected)) == expected
    for delimiter in (",", ", ", " | ", "|", "\n", " "):
        assert urls(delimiter.join(expected)) == expected
    assert urls(",".join(expected), DELIMITED) == expected


@given(st.text(st.sampled_from("[]()'\", \\/:ah|;\n")) | st.text())
@example("['\\x']")
@example("[" * 100_000)
@example("['" + "\\'" * 100_000)
@example("[" + "'a'" * 50_000)
@example("," * 200_000 + "x")
@example(", " * 100_000 + "x")
@example(".aaaa?" * 50_000 + "," + ".aaaa?" * 50_000)
@example("a" * 200_000)
@example("(" + " " * 200_000)
def test_no_text_is_too_much(cell: str) -> None:
    for split in (split_any, split_delimited):
        for delimiter in (",", "|", " "):
            assert all(isinstance(entry, str) for entry in split(cell, delimiter))


def test_auto_reads_the_sample_as_the_brackets_do(shared_data: Path) -> None:
    cells = [row["image"] for row in records_of((shared_data / "flipkart_sample.csv").read_bytes())]
    assert len(cells) == 799
    assert [candidates(cell, AUTO) for cell in cells] == [candidates(cell, Catalogue()) for cell in cells]
