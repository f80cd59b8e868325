"""A drop, from the upload to the clean CSV: uploading the file is all that a person does.

The fixture `stack` is a whole Dropforge on this machine, as `dropforge up` starts it; its bucket and its API are spoken
to here as those of a deployment are.
"""

from __future__ import annotations

import csv
import io
import json
import time
from typing import Any

import pytest
import requests
from google.cloud import storage

from actors.model.drop import Drop
from actors.storage.bucket import connect
from tests.support.stack import Stack

DEADLINE_S = 60


@pytest.fixture(scope="module")
def client(stack: Stack) -> storage.Client:
    """The ordinary client, on the local Cloud Storage."""
    return connect(stack.settings.project)


@pytest.fixture(scope="module")
def run(stack: Stack, client: storage.Client) -> dict[str, Any]:
    """What the API says of the run of a file with two sound rows and a bad one, once it is done."""
    rows = [
        ["uniq_id", "product_name", "description", "brand", "image", "product_specifications", "product_category_tree"],
        ["b1", "Boot", "Boots for rainy days.", "Acme", f'["{stack.images.url}/boot.png"]', "{}", "Shoes >> Boots"],
        ["m1", "Mug", "", "Acme", "[]", "{}", "Kitchen"],  # without a description
        ["s1", "Shirt", "It was washed twice.", "", "[]", '{"x"=>[{"key"=>"Fit", "value"=>"Slim"}]}', "Shirts"],
    ]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)

    blob = client.bucket(stack.settings.source_bucket).blob("in/example.csv")
    blob.upload_from_string(text.getvalue(), content_type="text/csv")

    run_id = Drop(blob.bucket.name, blob.name, blob.generation).run_id
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        answer = requests.get(f"{stack.url}/runs/{run_id}", timeout=10)  # 404 until the notification has come
        if answer.ok and answer.json()["state"] == "done":
            return answer.json()
        time.sleep(0.1)
    raise TimeoutError(f"Run {run_id} is not done after {DEADLINE_S} s: {answer.text}")


def test_rows_in_are_rows_out_and_rejects(run: dict[str, Any]) -> None:
    counts = run["counts"]
    assert (counts["records"], counts["rows_out"], counts["rejects"]) == (3, 2, {"missing_value": 1})


def test_the_output_is_clean(run: dict[str, Any], client: storage.Client) -> None:
    assert run["output"] == "gs://dropforge-out/processed/example.csv"
    boot, shirt = csv.DictReader(io.StringIO(text_of(run["output"], client)))
    assert boot["description"] == "boot rainy day"
    assert (boot["c0_name"], boot["c1_name"]) == ("Shoes", "Boots")
    assert boot["image_uri"].startswith("gs://dropforge-out/images/example/")
    assert boot["image_uri"].endswith("/b1_0.png")
    assert (shirt["description"], json.loads(shirt["attributes"])) == ("wash twice", {"Fit": "Slim"})
    assert shirt["image_uri"] == ""


def test_the_rejects_can_be_mended_and_dropped_again(run: dict[str, Any], client: storage.Client) -> None:
    header, row = text_of(run["rejects"], client).splitlines()
    assert header.startswith("uniq_id,product_name,description")
    assert row == "m1,Mug,,Acme,[],{},Kitchen"
    (reason,) = map(json.loads, text_of(run["reasons"], client).splitlines())
    assert (reason["row"], reason["code"]) == (2, "missing_value")


def text_of(uri: str, client: storage.Client) -> str:
    return storage.Blob.from_uri(uri, client=client).download_as_text()
