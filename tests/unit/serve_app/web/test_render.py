"""Every template, filled with what strangers send and with what is seldom there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from actors.model.drop import Drop
from actors.model.part import Counts
from actors.model.reason import Reason
from serve_app.config.settings import Settings
from serve_app.model.dead_letter import Entry
from serve_app.model.reconciliation import MissedUpload, ReconciliationView
from serve_app.model.replay import ReplayView
from serve_app.model.run_snapshot import RunSnapshot
from serve_app.model.run_state import RunState
from serve_app.model.selection import Group
from serve_app.model.views import DeadLettersView, DependencyView, DeploymentView, HealthView, IgnoredUpload, RunView
from serve_app.runs.progress import Progress
from serve_app.runs.run_view import run_view
from serve_app.web.picture import shown
from serve_app.web.render import html_page
from serve_app.web.samples import Product, RejectSample, Samples
from serve_app.web.site import Link
from tests.support.run_samples import ACCEPTED_AT, failure_of, manifest_of, part_of, plan_of, run_of

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}&amp;\u202e\x00"
PLAN = plan_of([4, 4, 4])
RUN = run_of("shop/").model_copy(update={"drop": Drop("in", f"in/{HOSTILE}.csv", 1)})

VOID = {"meta", "link", "input", "img", "br"}
TAGS = {
    "html", "head", "meta", "title", "link", "script", "body", "a", "header", "div", "nav", "p", "main", "h1", "h2",
    "span", "time", "section", "ul", "li", "ol", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th",
    "td", "small", "i", "code", "strong", "details", "summary", "img", "svg", "rect", "progress", "form",
    "label", "input", "button", "noscript", "select", "option",
}  # fmt: skip


class Page(HTMLParser):
    """A page's elements, read as strictly as it was written: every element but the void ones is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def rendered(template: str, **values: Any) -> Page:
    given: dict[str, Any] = {
        "root": "/shop",
        "signed_in": True,
        "settings": Settings(),
        "age_s": 0.4,
        "troubles": [HOSTILE],
    } | values
    return Page(bytes(html_page(template, **given).body).decode())


def view_of(state: RunState, **changes: Any) -> RunView:
    failure = failure_of(RUN, PLAN.shards[2])
    failure = failure.model_copy(update={"reason": Reason(code="internal", message=HOSTILE)})
    parts = tuple(part_of(shard) for shard in PLAN.shards[:2])
    match state:
        case RunState.DONE:
            manifest = manifest_of(RUN, finished_at=ACCEPTED_AT + timedelta(seconds=4), reasons=RUN.reasons,
                                   rejects=RUN.rejects, stage_s={"clean": 2.0}, versions={"ray": HOSTILE})  # fmt: skip
            snapshot = RunSnapshot(RUN, state, None, None, (), (), manifest)
        case RunState.REFUSED:
            reason = Reason(code="not_a_csv", message=HOSTILE)
            manifest = manifest_of(RUN, state="refused", reason=reason, output=None, output_generation=None)
            snapshot = RunSnapshot(RUN, state, None, None, (), (), manifest)
        case _:
            snapshot = RunSnapshot(RUN, state, None, PLAN, parts, (failure,), None)
    return run_view(snapshot, None, "gs://work/manifest.json").model_copy(update=changes)


def health_of(**changes: Any) -> HealthView:
    view = HealthView(
        status="degraded",
        reasons=[HOSTILE],
        deployments={
            "Cleaner": DeploymentView(status="UNHEALTHY", message=HOSTILE, replicas={"RUNNING": 1, "STARTING": 1}),
            "Writer": DeploymentView(status="HEALTHY", message="", replicas={}),
        },
        dependencies={
            "work_bucket": DependencyView(healthy=False, reason=HOSTILE, checked_s_ago=1.0, ok_s_ago=None),
            "subscription": DependencyView(healthy=True, reason="", checked_s_ago=1.0, ok_s_ago=1.0),
            "source_bucket": DependencyView(healthy=True, slow=True, slowest_s=20.004, reason="the slowest request",
                                            checked_s_ago=1.0, ok_s_ago=1.0),
        },
        last_message_s_ago=None,
        runs_in_flight=2,
        ignored_uploads=[IgnoredUpload(uri=f"gs://in/{HOSTILE}#1", at=ACCEPTED_AT)],
        now=ACCEPTED_AT,
    )  # fmt: skip
    return view.model_copy(update=changes)


def entry(**changes: Any) -> Entry:
    given = Entry(
        kind="shard", run=RUN.run_id, object=RUN.drop.object, generation=1, shard=2, stage="images",
        code="image_host_down", message=HOSTILE, attempts=3, first_at=ACCEPTED_AT, last_at=ACCEPTED_AT, version="1",
    )  # fmt: skip
    return given.model_copy(update=changes)


SAMPLES = Samples(
    products=(
        Product("1", HOSTILE, HOSTILE, HOSTILE, f"{HOSTILE}_0.jpg"),
        Product("2", "", "", "", ""),
        Product("3", "A tiff", "", "", "3_0.tiff"),
    ),
    rejects={"missing_value": (RejectSample(7, HOSTILE),)},
    trouble=HOSTILE,
)
LINKS = {"Output": Link(f"gs://out/{HOSTILE}", "https://storage.cloud.google.com/out/x")}
REPLAY = ReplayView(
    replay="0" * 12, state="running", selected=2, groups=[Group(stage="images", code=HOSTILE, count=2)],
    sample=[entry(), entry(shard=None, kind="notification")],
)  # fmt: skip
QUIET = health_of(deployments={}, dependencies={}, reasons=[], ignored_uploads=[])
LETTERS = DeadLettersView(total=300, groups=REPLAY.groups * 2, entries=[entry()])
NO_LETTERS = DeadLettersView(total=0, groups=[], entries=[])
NO_REPLAY = REPLAY.model_copy(update={"selected": 0, "sample": []})
REJECTED = view_of(
    RunState.DONE,
    counts=Counts(records=3, rejects={"missing_value": 2, "poison_row": 1}, image_failures={"bad_url": 3}),
    retries={"clean:actor_died": 2},
    warnings=[Reason(code="many_rejects", message=HOSTILE)],
)
TAKES = Settings(drop_from_page=True, source_bucket=HOSTILE)
RUNS = [view_of(state, run_id=f"{at:020x}") for at, state in enumerate(RunState)]
OF_A_RUN: dict[str, Any] = {"samples": SAMPLES, "links": LINKS, "shown": shown}
CHOSEN = {"object": HOSTILE}
SHOWN = ReconciliationView(
    reconciliation="0" * 12, state="done", dry_run=True, prefix=HOSTILE, since_s=86_400, listed=9, matching=8, missed=3,
    sample=[MissedUpload(drop=RUN.drop, run_id=RUN.run_id, size=5, uploaded_at=ACCEPTED_AT)],
)  # fmt: skip
MISSED: dict[str, Any] = {"view": SHOWN, "bucket": HOSTILE, "fields": {"prefix": HOSTILE, "limit": "3"}}


def _accepting(state: str) -> ReconciliationView:
    trouble = HOSTILE if state == "failed" else ""
    return SHOWN.model_copy(update={"state": state, "dry_run": False, "accepted": 2, "failed": 1, "trouble": trouble})


PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "overview": ("overview.html", {"health": health_of(), "runs": RUNS, "settings": TAKES}),
    "overview without anything": ("overview.html", {"health": None, "runs": None}),
    "overview at the start": ("overview.html", {"health": QUIET, "runs": []}),
    **{f"run {state}": ("run.html", {"view": view_of(state), **OF_A_RUN}) for state in RunState},
    "run of rejects": ("run.html", {"view": REJECTED, **OF_A_RUN, "links": {}}),
    "awaited": ("awaited.html", {"run_id": RUN.run_id, "dropped": HOSTILE}),
    "dead letters": ("dead-letters.html", {"view": LETTERS, "entries": [entry()], "chosen": CHOSEN}),
    "no dead letters": ("dead-letters.html", {"view": NO_LETTERS, "entries": [], "chosen": {}}),
    "replay?": ("replay-ask.html", {"view": REPLAY, "fields": CHOSEN | {"limit": "2"}, "chosen": CHOSEN}),
    "replay of nothing?": ("replay-ask.html", {"view": NO_REPLAY, "fields": {}, "chosen": {}}),
    **{
        f"replay {state}": ("replay.html", {"view": REPLAY.model_copy(update={"state": state, "failed_again": 1})})
        for state in ("running", "done", "interrupted")
    },
    "reconcile": ("reconcile.html", {"settings": Settings(source_bucket=HOSTILE, reconcile_every_s=60)}),
    "uploads without a run": ("reconciliation.html", MISSED),
    **{
        f"reconciliation {state}": ("reconciliation.html", MISSED | {"view": _accepting(state)})
        for state in ("running", "done", "failed", "interrupted")
    },
    "sign in": ("sign-in.html", {"after": HOSTILE, "trouble": HOSTILE}),
    "error": ("error.html", {"code": "bad_request", "message": HOSTILE}),
}


def page_of(name: str, **changes: Any) -> Page:
    template, values = PAGES[name]
    return rendered(template, **values | changes)


@pytest.fixture(params=PAGES, ids=lambda name: name.replace(" ", "-"))
def page(request: pytest.FixtureRequest) -> Page:
    return page_of(request.param)


def test_strangers_text_makes_no_markup(page: Page) -> None:
    assert {tag for tag, _ in page.tags} <= TAGS
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
        for name in ("href", "src", "action", "formaction"):
            address = attributes.get(name) or ""
            assert address.split("?")[0].startswith(("/shop/", "#", "https://storage.cloud.google.com/")) or not address
    assert [str(attributes["src"]).split("?")[0] for attributes in page.all("script")] == ["/shop/page/static/page.js"]


def test_a_run_tells_what_of_specifications_was_not_read() -> None:
    counts = Counts(records=7, rows_out=7, unread_specifications=5, entries_without_key=3)
    text = " ".join(page_of("run done", view=view_of(RunState.DONE, counts=counts)).text.split())
    assert "5 of 7 rows have no attributes although their specification is not empty" in text
    assert "3 entries of specifications have no key" in text
    assert "specification" not in page_of("run done", view=view_of(RunState.DONE)).text


def test_it_is_readable_without_seeing_it(page: Page) -> None:
    assert len(page.all("h1")) == 1
    assert len(page.all("title")) == 1
    assert page.all("html")[0]["lang"] == "en"
    assert [image for image in page.all("img") if not image.get("alt")] == []
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    for _, attributes in page.tags:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert attributes.get(name, identifiers[0]) in identifiers
    labelled = {label.get("for") for label in page.all("label")}
    for field in page.all("input"):
        wrapped = field.get("name") in ("run", "object", "stage", "code", "prefix")
        assert field.get("type") == "hidden" or field.get("id") in labelled or wrapped


def test_hostile_text_is_shown_as_it_is() -> None:
    page = page_of("run done")
    assert HOSTILE.replace("\x00", "\N{REPLACEMENT CHARACTER}") in page.text.replace(
        "\x00", "\N{REPLACEMENT CHARACTER}"
    )
    assert page.all("img")[0]["alt"] == f"Image of {HOSTILE}"


def test_what_is_no_text_breaks_no_page() -> None:
    assert "\\ud800" in rendered("error.html", code="internal", message="\ud800").text


def test_nothing_runs_but_our_script() -> None:
    answer = html_page(
        "error.html", root="", code="internal", message="", storage_origin="https://storage.googleapis.com"
    )
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["img-src"] == policy["form-action"] == "'self'"
    assert policy["connect-src"] == "'self' https://storage.googleapis.com"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert answer.headers["cache-control"] == "no-store"


def test_a_state_is_told_in_words_besides_its_colour() -> None:
    page = page_of("overview")
    strips = [attributes["aria-label"] for attributes in page.all("span") if attributes.get("class") == "strip"]
    assert "3 shards: 2 done, 1 failed" in strips
    for word in (
        "unhealthy",
        "healthy",
        "does not answer",
        "slow",
        "20.00 s",
        "1 running, 1 starting",
        "refused",
        "incomplete",
    ):
        assert word in page.text


@pytest.mark.parametrize(("code", "offered"), [("image_host_down", True), ("actor_died", False)])
def test_images_can_be_given_up_where_a_host_is_down(code: str, offered: bool) -> None:
    view = REPLAY.model_copy(update={"state": "preview", "groups": [Group(stage="images", code=code, count=2)]})
    page = page_of("replay?", view=view)
    buttons = [attributes.get("value") for attributes in page.all("button") if attributes.get("name") == "give_up"]
    assert buttons == (["images"] if offered else [])
    assert ("for good" in page.text) is offered


def test_a_preview_alone_asks_to_accept() -> None:
    shown = page_of("uploads without a run")
    assert {"name": "limit", "value": "3", "type": "hidden"} in shown.all("input")
    assert "Accept 3" in shown.text
    for view in (SHOWN.model_copy(update={"missed": 0, "sample": []}), _accepting("done")):
        assert page_of("uploads without a run", view=view).all("form") == page_of("reconciliation done").all("form")


def test_a_warning_is_shown_with_its_run() -> None:
    assert "Warning: many_rejects" in page_of("run of rejects").text
    assert "Warning" not in page_of("run done").text
    assert "many_rejects" in page_of("overview", runs=[REJECTED]).text


def test_an_upload_that_starts_no_run_is_shown() -> None:
    assert "do not match *.csv or *.csv.gz" in page_of("overview").text
    assert "Ignored uploads" not in page_of("overview at the start").text


def test_only_what_goes_on_is_asked_for_again() -> None:
    polled = {name for name in PAGES if "data-poll-s" in page_of(name).all("main")[0]}
    assert {"overview", "run processing", "run incomplete", "replay running", "awaited"} <= polled
    assert polled.isdisjoint({"run done", "run refused", "dead letters", "replay?", "replay done", "sign in"})


def test_old_data_says_so() -> None:
    assert "42.0 s old" in page_of("overview", age_s=42.0).text
    assert " old" not in page_of("overview", age_s=1.0).text


def test_time_left_is_shown_while_a_run_goes_on() -> None:
    progress = Progress(planned=3, plan_complete=True, driven=True)
    progress.began -= 10
    progress.finish(part_of(PLAN.shards[0]))
    snapshot = RunSnapshot(RUN, RunState.PROCESSING, "host-1", None, (), (), None)
    view = run_view(snapshot, progress, "")
    assert view.left_s == pytest.approx(20, abs=1)
    assert "about 20 s left" in page_of("run processing", view=view.model_copy(update={"left_s": 20.0})).text


def test_moments_are_told_in_one_time_zone() -> None:
    page = page_of("run done")
    assert "2026-05-04 03:02:01 UTC" in page.text
    assert datetime.fromisoformat(page.all("time")[-1]["datetime"] or "").tzinfo == UTC


def test_a_page_that_takes_no_files_says_how_to_drop_them() -> None:
    assert page_of("overview").all("form")[-1]["id"] == "drop-form"
    closed = page_of("overview at the start")
    assert [form for form in closed.all("form") if form.get("id")] == []
    assert "dropforge drop catalogue.csv or gcloud storage cp catalogue.csv gs://dropforge-in/in/" in closed.text


def test_a_run_s_page_names_its_catalogue() -> None:
    view = view_of(RunState.DONE, catalogue_name="shop-a")
    assert "catalogue shop-a" in " ".join(page_of("run done", view=view).text.split())


@pytest.mark.parametrize(("patterns", "accept"), [(("*.csv", "*.tsv.gz"), ".csv,.gz"), (("*",), None)])
def test_the_page_offers_the_files_that_are_drops(patterns: tuple[str, ...], accept: str | None) -> None:
    page = page_of("overview", settings=TAKES.model_copy(update={"object_patterns": patterns}))
    (chooser,) = (one for one in page.all("input") if one.get("type") == "file")
    assert chooser.get("accept") == accept


def test_merged_rows_are_in_the_sum() -> None:
    view = view_of(RunState.DONE, counts=Counts(records=9, rows_out=3, merged=5, rejects={"missing_value": 1}))
    text = " ".join(page_of("run done", view=view).text.split())
    assert "9 in = 3 out + 5 merged + 1 rejects" in text
    assert "does not add up" not in text
