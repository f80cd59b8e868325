from __future__ import annotations

import pytest
import requests
from google.cloud import storage

from actors.errors import Code, DropforgeError
from actors.storage.bucket import Bucket
from serve_app.config.settings import Settings
from serve_app.web.dropping import DropRequest, drop_target
from tests.support.effects import answer
from tests.support.proxy import Fault
from tests.support.storage_call import call
from tests.support.storage_proxy import StorageProxy

PAGE = "https://shop.example"


@pytest.fixture
def settings(prefix: str) -> Settings:
    return Settings(source_bucket="work", watched_prefix=f"{prefix}in/", drop_from_page=True)


def test_a_browser_may_put_the_file_there_without_credentials(work: Bucket, settings: Settings) -> None:
    target = drop_target(work, settings, DropRequest(name="a b.csv", size=5), origin=PAGE)
    asked = requests.options(
        target.url, headers={"Origin": PAGE, "Access-Control-Request-Method": "PUT",
                             "Access-Control-Request-Headers": "content-type"}, timeout=10,
    )  # fmt: skip
    assert asked.headers["Access-Control-Allow-Origin"] in ("*", PAGE)
    answer = requests.put(
        target.url, data=b"a,b\r\n", headers={"Origin": PAGE, "Content-Type": target.content_type}, timeout=10
    )
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", PAGE)
    assert target.object == f"{settings.watched_prefix}a b.csv"
    info = work.stat(target.object)
    assert info is not None
    assert (answer.status_code, int(answer.json()["generation"])) == (200, info.generation)
    assert work.read(target.object) == b"a,b\r\n"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.csv", "text/csv"),
        ("a.csv.gz", "application/gzip"),
        ("Shoes.csv.GZ", "application/gzip"),
        ("a.tsv", "text/tab-separated-values"),
        ("a.tsv.gz", "application/gzip"),
        ("a.txt", "text/plain"),
    ],
)
def test_an_object_is_called_what_its_name_says(work: Bucket, settings: Settings, name: str, content_type: str) -> None:
    assert drop_target(work, settings, DropRequest(name=name, size=5), origin=PAGE).content_type == content_type


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv/", "x\ny.csv", "ä" * 510 + ".csv"])
def test_what_would_not_be_noticed_is_refused(work: Bucket, settings: Settings, name: str) -> None:
    with pytest.raises(DropforgeError) as raised:
        drop_target(work, settings, DropRequest(name=name, size=5), origin=PAGE)
    assert raised.value.code is Code.BAD_REQUEST


def test_it_must_be_switched_on(work: Bucket, settings: Settings) -> None:
    with pytest.raises(DropforgeError, match="drop_from_page"):
        drop_target(work, Settings(source_bucket="work"), DropRequest(name="a.csv", size=5), origin=PAGE)


def test_a_bucket_that_is_not_there_is_named(client: storage.Client, settings: Settings) -> None:
    with pytest.raises(DropforgeError, match="gs://absent/"):
        drop_target(Bucket(client, "absent", retry_s=0.2), settings, DropRequest(name="a.csv", size=5), origin=PAGE)


def test_without_permission_the_other_ways_are_named(
    proxied_work: Bucket, proxy: StorageProxy, settings: Settings
) -> None:
    proxy.add(Fault(call("upload"), answer(403)))
    with pytest.raises(DropforgeError, match=r"roles/storage\.objectCreator .*gcloud storage cp") as raised:
        drop_target(proxied_work, settings, DropRequest(name="a.csv", size=5), origin=PAGE)
    assert raised.value.code is Code.BAD_SETTINGS


def test_a_link_opens_with_the_person_s_own_permissions(client: storage.Client) -> None:
    google = storage.Client(
        project="p", credentials=client._credentials, client_options={"api_endpoint": "https://storage.googleapis.com"}
    )
    assert Bucket(google, "out").link("a b/ä%2F.csv") == "https://storage.cloud.google.com/out/a%20b/%C3%A4%252F.csv"
