"""Where secrets could come out: settings, errors, records of a run, the command's answers, logs."""

from __future__ import annotations

import logging

import pytest

from actors.errors import DropforgeError
from actors.images.failed_urls import image_failure, printable
from actors.images.guard import AddressGuard
from actors.images.urls import checked_url
from actors.model.drop import Drop
from serve_app.cli.client.api import Api
from serve_app.cli.screen.complaint import Complaint
from serve_app.config.serve_config import checked_settings
from serve_app.config.settings import Settings
from serve_app.security.access import Access
from tests.support.fake_api import FakeApi
from tests.support.run_samples import manifest_of

SECRET = "correct-horse-battery-staple"


@pytest.mark.parametrize(
    "secret", ["short", "with a blank in the middle of it", "sécret-sécret-sécret", "tab\tin-the-secret"]
)
def test_a_token_that_can_t_be_is_refused_without_being_told(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPFORGE_API_TOKEN", secret)
    with pytest.raises(DropforgeError) as raised:
        checked_settings({})
    assert "api_token" in raised.value.message
    assert secret not in raised.value.message


def test_a_token_in_a_file_is_refused_without_being_told() -> None:
    with pytest.raises(DropforgeError) as raised:
        checked_settings({"api_token": SECRET})
    assert SECRET not in raised.value.message


def test_no_form_of_the_settings_shows_the_token() -> None:
    settings = Settings(api_token=SECRET)
    for shown in (
        repr(settings),
        str(settings),
        settings.model_dump_json(),
        repr(settings.model_dump()),
        f"{vars(settings)}",
    ):
        assert SECRET not in shown


def test_no_record_of_a_run_has_the_token() -> None:
    run = Settings(api_token=SECRET).run_for(Drop("in", "in/a.csv", 1))
    assert SECRET not in run.model_dump_json()
    assert SECRET not in manifest_of(run).model_dump_json()


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer another-secret-of-somebody"},
        {"authorization": "Basic another-secret-of-somebody"},
        {"authorization": "another-secret-of-somebody"},
        {"cookie": "another-secret-of-somebody"},
        {"authorization": "Bearer", "x-goog-iap-jwt-assertion": "another-secret-of-somebody"},
    ],
    ids=repr,
)
async def test_a_refusal_tells_neither_s_secret(headers: dict[str, str]) -> None:
    access = Access(Settings(api_token=SECRET))
    with pytest.raises(DropforgeError) as raised:
        await access.admit("GET", "/runs", headers)
    for secret in (SECRET, "another-secret-of-somebody"):
        assert secret not in str(raised.value)
        assert secret not in repr(raised.value)


def test_the_command_tells_no_token(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("DROPFORGE_API_TOKEN", SECRET)
    with FakeApi() as api, caplog.at_level(logging.DEBUG):
        api.token = "another one"
        with pytest.raises(Complaint) as raised:
            Api(api.url).runs(5)
    assert api.authorizations == [f"Bearer {SECRET}"]
    assert SECRET not in f"{raised.value} {raised.value.format_message()} {caplog.text}"


@pytest.mark.parametrize(
    "url",
    [
        "http://user:pa55word@host/a.jpg",
        "http://pa55word@host/a.jpg",
        "http://pa55word@host:99999/",
        "http://:pa55word@[::1/",
        "http://user:pa55word@ho st/",
        "ftp://user:pa55word@host/",
        "http:\\\\user:pa55word@host\\",
        "//user:pa55word@host/",
        "http:user:pa55word@host/",
        "http:/user:pa55word@host/",
        "////user:pa55word@host/",
        "user:pa55word@host/a.jpg",
        f"http://user:pa55word{'x' * 9000}@host/a.jpg",
        f"user:pa55word{'x' * 9000}",
    ],
)
def test_a_stranger_s_credentials_are_not_repeated(url: str) -> None:
    with pytest.raises(DropforgeError) as raised:
        checked_url(url, AddressGuard(), (80, 443))
    assert "pa55word" not in raised.value.message
    assert "pa55word" not in printable(url)
    failure = image_failure(1, "id", url, raised.value)
    assert "pa55word" not in f"{failure}"
