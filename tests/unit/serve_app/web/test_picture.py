from __future__ import annotations

import pytest
from google.cloud import storage

from actors.errors import Code, DropforgeError
from actors.model.run import Run
from actors.storage.bucket import Bucket
from serve_app.web import picture
from serve_app.web.picture import HEADERS, read_picture, shown
from tests.support.run_samples import run_of


@pytest.fixture
def run(prefix: str) -> Run:
    return run_of(prefix)


@pytest.mark.parametrize("name", ["a_0.jpg", "a%2Fb_0.png", "%2E%2E_0.webp", "a%row7_1.avif"])
def test_an_image_of_the_run_is_read(client: storage.Client, work: Bucket, run: Run, name: str) -> None:
    work.put(f"{run.image_folder}/{name}", b"bytes", content_type="text/html")
    read = read_picture(client, run, name)
    assert read.data == b"bytes"
    assert read.content_type.startswith("image/")


@pytest.mark.parametrize(
    "name",
    ["", "a_0", "a_0.svg", "a_0.html", "a_0.tiff", "a_0.JPG", "../a_0.jpg", "x/a_0.jpg", ".jpg", "absent_0.jpg"],
)
def test_no_other_object_is_read(client: storage.Client, work: Bucket, run: Run, name: str) -> None:
    for folder in (run.image_folder, run.image_folder.rpartition("/")[0]):
        for there in ("a_0.svg", "a_0.html", "a_0.tiff", "a_0.jpg", "x-a_0.jpg"):
            if (folder, there) != (run.image_folder, "a_0.jpg"):
                work.put(f"{folder}/{there}", b"bytes", content_type="image/jpeg")
    with pytest.raises(DropforgeError) as raised:
        read_picture(client, run, name)
    assert raised.value.code is Code.NOT_FOUND


def test_what_is_too_large_is_not_read(
    client: storage.Client, work: Bucket, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "MAX_BYTES", 10)
    work.put(f"{run.image_folder}/a_0.jpg", b"b" * 11, content_type="image/jpeg")
    with pytest.raises(DropforgeError) as raised:
        read_picture(client, run, "a_0.jpg")
    assert raised.value.code is Code.REQUEST_TOO_LARGE


def test_a_browser_is_told_to_run_nothing_in_it() -> None:
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in HEADERS["Content-Security-Policy"]
    assert not shown("a_0.svg")
