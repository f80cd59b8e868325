"""Finding a run by what a person has at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from serve_app.cli.client.api import NO_ROUTES, Api, NoApplication
from serve_app.cli.screen.complaint import Complaint
from tests.support.fake_api import FakeApi, view_of

OLD, NEW, OTHER = view_of(generation=1), view_of(generation=2), view_of(name="in/shop/b.csv")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (OLD.run_id, OLD),
        (NEW.run_id[:6], NEW),
        ("in/a.csv", NEW),
        ("a.csv", NEW),
        ("in/shop/b.csv", OTHER),
        ("b.csv", OTHER),
    ],
    ids=["id", "first digits", "newest of an object", "newest of a file name", "object in a folder", "file name"],
)
def test_a_run_is_found(api: FakeApi, text: str, found: object) -> None:
    api.hold(OLD, NEW, OTHER)
    assert Api(api.url).find(text) == found


@pytest.mark.parametrize("text", ["0" * 20, "c.csv", "shop"])
def test_what_is_not_there_is_said(api: FakeApi, text: str) -> None:
    api.hold(OLD)
    with pytest.raises(Complaint, match=f"No run id starts with {text}, and no run is of"):
        Api(api.url).find(text)


def test_several_candidates_are_named(api: FakeApi) -> None:
    views = [view_of(generation=generation) for generation in range(17)]
    twins = next(
        (a, b) for a in views for b in views if a.run_id < b.run_id and a.run_id[0] == b.run_id[0]
    )  # 17 ids, 16 first digits
    api.hold(*twins)
    with pytest.raises(Complaint, match=r"2 run ids start with .: ") as complaint:
        Api(api.url).find(twins[0].run_id[0])
    assert all(view.run_id in complaint.value.message for view in twins)


def test_something_else_at_the_address_is_told_apart(api: FakeApi) -> None:
    api.script(OLD.run_id, [200])
    with pytest.raises(Complaint, match="not with an answer of Dropforge's API"):
        Api(api.url).run(OLD.run_id)


@pytest.mark.parametrize("routes", [{}, {"/": "dropforge"}, NO_ROUTES], ids=str)
@pytest.mark.parametrize("status", [404, 500])
def test_a_proxy_without_an_application_is_told_apart(api: FakeApi, routes: dict[str, str] | str, status: int) -> None:
    api.script(OLD.run_id, [status])
    api.routes = routes
    with pytest.raises(NoApplication, match=f"proxy at {api.url} answered {status}: there is no running Dropforge"):
        Api(api.url).run(OLD.run_id)


def test_a_page_not_found_is_no_missing_run(api: FakeApi) -> None:
    api.script(OLD.run_id, [404])
    with pytest.raises(Complaint, match="not with an answer of Dropforge's API"):
        Api(api.url).run(OLD.run_id)


TOKEN = "correct-horse-battery-staple"


def test_the_token_goes_along_whatever_netrc_has(api: FakeApi, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(folder / "netrc"))
    monkeypatch.setenv("DROPFORGE_API_TOKEN", f"{TOKEN}\n")
    api.token = TOKEN
    api.hold(OLD)
    assert Api(api.url).find(OLD.run_id) == OLD
    assert set(api.authorizations) == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("given", [None, "wrong-horse-battery-staple"])
@pytest.mark.parametrize("call", [lambda api: api.runs(1), lambda api: api.health()], ids=["runs", "health"])
def test_a_missing_or_wrong_token_is_told(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, given: str | None, call: Callable[[Api], object]
) -> None:
    if given:
        monkeypatch.setenv("DROPFORGE_API_TOKEN", given)
    api.token = TOKEN
    with pytest.raises(Complaint) as complaint:
        call(Api(api.url))
    assert complaint.value.attempt == "set DROPFORGE_API_TOKEN to the token that the application was started with"
    assert given is None or given not in complaint.value.message
