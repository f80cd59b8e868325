"""The status page in a browser: everything by clicking, as an operator would."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from infra.local.sample import sample
from serve_app.security.session import COOKIE
from tests.support.browser import EXECUTABLE, MISSING, PHONE, Tab, open_tab, running_browser
from tests.support.csv_records import csv_of, records_of
from tests.support.front_door import TOKEN, FrontDoor
from tests.support.processes import replicas
from tests.support.stack import Stack
from tests.support.trouble import catalogue
from tests.support.world import UNWATCHED

pytestmark = pytest.mark.skipif(EXECUTABLE is None, reason=MISSING)

BUSY = "/page/busy.png"
GONE = "/page/gone.png"
HOSTILE = '<img src=x onerror="document.title=\'run\'"><script>document.title="run"</script>'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def tab(browser: Browser, stack: Stack) -> Iterator[Tab]:
    with open_tab(browser, stack.url) as tab:
        yield tab


@pytest.fixture
def page(tab: Tab) -> Page:
    return tab.page


def products(stack: Stack, count: int, **changes: str) -> list[dict[str, str]]:
    """The sample's first rows, which are sound."""
    first = b"".join(sample(stack.images.url).content.splitlines(keepends=True)[: 3 * count + 1])
    return [row | changes for row in records_of(first)[:count]]


def state(page: Page, word: str) -> None:
    expect(page.locator(".headline .badge")).to_have_text(word)


def drop(page: Page, file: Path) -> None:
    page.goto("/")
    page.get_by_label("Product catalogue").set_input_files(file)
    page.get_by_role("button", name="Drop it").click()
    page.wait_for_url(re.compile(r"/page/runs/[0-9a-f]{20}"))


def test_drop_a_file_and_watch_it_finish(stack: Stack, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "by hand.csv"
    file.write_bytes(sample(stack.images.url).content)
    drop(page, file)
    expect(page.get_by_role("heading", level=1)).to_have_text("by hand.csv")
    state(page, "done")
    expect(page.get_by_role("img", name=re.compile("3 shards: 3 done"))).to_be_visible()
    expect(page.get_by_text("240 in = 234 out + 6 rejects, and 12 blank")).to_be_visible()

    page.get_by_text("wrong_field_count").click()
    expect(page.get_by_text("fields", exact=False).first).to_be_visible()
    with page.expect_download() as output:
        page.get_by_role("link", name="gs://dropforge-out/processed/by hand.csv").click()
    assert len(records_of(Path(output.value.path()).read_bytes())) == 234

    picture = page.get_by_role("img", name=re.compile("^Image of ")).first
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0

    run_id = page.url.partition("/page/runs/")[2][:20]
    page.get_by_role("link", name="Dropforge", exact=True).click()
    listed = page.get_by_role("listitem").filter(has=page.locator(f"#run-{run_id}"))
    expect(listed.get_by_text("done", exact=True)).to_be_visible()


def test_a_stranger_s_product_is_text_alone(stack: Stack, page: Page) -> None:
    rows = products(stack, 1, product_name=HOSTILE, uniq_id="../a b%2F")
    drop = stack.drop(f"{UNWATCHED}<b>hostile.csv", csv_of(rows))
    stack.accept(drop)
    stack.done(drop)
    page.goto(f"/page/runs/{drop.run_id}")
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    picture = page.get_by_role("img", name=f"Image of {HOSTILE}")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    expect(page).to_have_title(re.compile("^<b>hostile.csv: done"))
    answer = page.request.get(str(picture.get_attribute("src")))
    assert answer.headers["content-type"] in ("image/jpeg", "image/png", "image/webp")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_killed_replica_is_seen_and_seen_to_come_back(stack: Stack, page: Page) -> None:
    page.goto("/")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Attributes"))
    expect(row.get_by_text("1 running")).to_be_visible()
    state(page, "healthy")
    (victim,) = replicas()["Attributes"]
    os.kill(victim, signal.SIGKILL)
    state(page, "degraded")
    expect(row.get_by_text("unhealthy", exact=True)).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Attributes is UNHEALTHY")).to_be_visible()
    state(page, "healthy")
    expect(row.get_by_text("1 running")).to_be_visible()


def test_replay_a_dead_letter(stack: Stack, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "host-down.csv"
    file.write_bytes(catalogue(stack, BUSY, rows=1))
    stack.images.statuses[BUSY] = 503
    drop(page, file)
    state(page, "incomplete")
    del stack.images.statuses[BUSY]
    expect(page.get_by_role("heading", name="Failed shards")).to_be_visible()

    page.get_by_role("link", name="Dead letters").click()
    page.get_by_label("Object").fill("in/host-down.csv")
    page.get_by_role("button", name="Filter").click()
    preview = page.get_by_role("link", name="Preview replay of")
    expect(preview).to_have_count(1)
    preview.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Replay 1 dead letter?")
    page.get_by_role("link", name="Cancel").click()
    preview.click()
    page.get_by_role("button", name="Replay 1").click()
    state(page, "done")
    page.get_by_role("link", name="host-down.csv").click()
    state(page, "done")


def test_finish_a_run_without_the_images_of_a_gone_host(stack: Stack, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "host-gone.csv"
    file.write_bytes(catalogue(stack, GONE, rows=1))
    stack.images.statuses[GONE] = 503
    drop(page, file)
    state(page, "incomplete")

    page.goto("/page/dead-letters?object=in/host-gone.csv")
    page.get_by_role("link", name="Preview replay of").click()
    button = page.get_by_role("button", name="Replay, and give up images")
    expect(button).to_have_accessible_description(re.compile("stay without one, for good"))
    button.click()
    state(page, "done")
    page.get_by_role("link", name="host-gone.csv").click()
    state(page, "done")
    expect(page.get_by_text("A replay gave up 1 of these images.")).to_be_visible()


def test_accept_an_upload_that_was_never_announced(stack: Stack, page: Page) -> None:
    missed = stack.drop_unannounced("in/by-page/missed.csv", csv_of(products(stack, 2)))
    page.goto("/")
    page.get_by_role("link", name="Reconcile").click()
    page.get_by_label("Prefix").fill("in/by-page/")
    page.get_by_role("button", name="Look").click()
    page.get_by_role("button", name="Accept 1").click()
    state(page, "done")
    page.get_by_role("link", name="missed.csv").click()
    state(page, "done")
    assert stack.done(missed).counts.rows_out == 2


def test_with_the_keyboard_alone(stack: Stack, page: Page, tmp_path: Path) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    for name in ("Dropforge", "Overview", "Dead letters"):
        page.keyboard.press("Tab")
        link = page.get_by_role("link", name=name, exact=True)
        expect(link).to_be_focused()
        assert link.evaluate("link => getComputedStyle(link).outlineStyle") != "none"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dead letters")
    for _ in range(30):
        if page.get_by_label("Code").evaluate("field => field === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.type("no_such_code")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No dead letters match.")).to_be_visible()


def test_a_page_brought_up_to_date_keeps_what_a_person_does(stack: Stack, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "chosen.csv"
    file.write_bytes(b"a,b")
    page.goto("/")
    chosen = page.get_by_label("Product catalogue")
    chosen.set_input_files(file)
    chosen.focus()

    def with_notice(route: Route) -> None:
        answer = route.fetch()
        news = '</div>\n<ul class="notice"><li>It rains.</li></ul>\n<p class="quiet">'
        route.fulfill(response=answer, body=re.sub(r'</div>\n<p class="quiet">', news, answer.text(), count=1))

    page.route("**/", with_notice)
    notice = page.get_by_role("listitem").filter(has_text="It rains.")
    expect(notice).to_be_visible()
    page.unroute("**/")
    expect(notice).to_be_hidden()
    expect(chosen).to_be_focused()
    assert chosen.evaluate("field => field.files[0].name") == "chosen.csv"
    expect(page.get_by_role("button", name="Drop it")).to_be_enabled()


def test_lost_connection_is_told_and_forgotten(tab: Tab) -> None:
    page = tab.page
    page.goto("/")
    page.route("**/", lambda route: route.abort())
    expect(page.get_by_role("status").filter(has_text="Connection lost")).to_be_visible()
    expect(page.locator("#age")).to_have_text(re.compile("^Out of date: "))
    page.unroute("**/")
    expect(page.get_by_role("status").filter(has_text="Connection lost")).to_be_hidden()
    expect(page.locator("#age")).to_have_text(re.compile("^Updated "))
    tab.complaints = [text for text in tab.complaints if "ERR_FAILED" not in text]


@pytest.mark.parametrize("path", ["/", "run", "/page/dead-letters", "/page/replay", "/page/reconcile"])
def test_on_a_phone_nothing_is_beside_the_screen(browser: Browser, stack: Stack, path: str) -> None:
    name = f"{UNWATCHED}{'a-very-long-name-' * 10}.csv"
    drop = stack.drop(name, csv_of(products(stack, 2, product_name="Unbroken" * 40)))
    if not stack.is_run(drop):
        stack.accept(drop)
    stack.done(drop)
    with open_tab(browser, stack.url, viewport=PHONE, has_touch=True, is_mobile=True) as tab:
        tab.page.goto(f"/page/runs/{drop.run_id}" if path == "run" else path)
        expect(tab.page.get_by_role("heading", level=1)).to_be_visible()
        assert not tab.wide()


def test_the_page_is_of_use_without_javascript(browser: Browser, stack: Stack) -> None:
    with open_tab(browser, stack.url, java_script_enabled=False) as tab:
        page = tab.page
        page.goto("/")
        expect(page.get_by_label("Product catalogue")).to_be_hidden()
        expect(page.get_by_text("As of ")).to_be_visible()
        expect(page.get_by_text("Without JavaScript this page can't upload a file")).to_be_visible()
        page.get_by_role("link", name="Refresh").click()
        expect(page.get_by_role("heading", name="Deployments")).to_be_visible()
        page.get_by_role("link", name="Dead letters").click()
        page.get_by_label("Code").fill("no_such_code")
        page.get_by_role("button", name="Filter").click()
        expect(page.get_by_text("No dead letters match.")).to_be_visible()


def test_a_file_that_is_no_csv_is_refused_in_words(stack: Stack, tab: Tab, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.xlsx"
    file.write_bytes(b"PK")
    tab.page.goto("/")
    tab.page.get_by_label("Product catalogue").set_input_files(file)
    tab.page.get_by_role("button", name="Drop it").click()
    expect(
        tab.page.get_by_role("status").filter(has_text="rename the file so that it matches *.csv or *.csv.gz or *.tsv")
    ).to_be_visible()
    tab.complaints = [text for text in tab.complaints if "status of 400" not in text]


@pytest.mark.parametrize("path", ["/page/nothing", "/page/runs/0123456789abcdef0123", "/page/runs/x"])
def test_what_is_not_there_is_told_on_a_page(stack: Stack, tab: Tab, path: str) -> None:
    answer = tab.page.goto(path)
    assert answer is not None
    assert answer.status in (404, 422)
    expect(tab.page.get_by_role("link", name="Overview").last).to_be_visible()
    tab.complaints = [text for text in tab.complaints if "status of 4" not in text]


def test_signing_in_opens_the_page(browser: Browser, front_door: FrontDoor) -> None:
    closed = front_door.url
    with open_tab(browser, closed) as tab:
        page = tab.page
        answer = page.goto(f"{closed}/page/dead-letters?code=internal")
        assert answer is not None
        assert answer.status == 401
        page.get_by_label("API token").fill("wrong-horse-battery-staple")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("not the application's")
        page.get_by_label("API token").fill(TOKEN)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Dead letters")
        expect(page.get_by_label("Code")).to_have_value("internal")
        (cookie,) = page.context.cookies()
        assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (COOKIE, True, "Strict")
        assert "horse" not in cookie["value"]
        page.goto(closed + "/")
        expect(page.get_by_text("There are no runs yet.")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("API token")).to_be_visible()
        assert page.context.cookies() == []
        tab.complaints = [text for text in tab.complaints if "status of 401" not in text]
