"""Every panel and every rule asks for series that the running application has, as a real Prometheus scrapes them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors.errors import Code
from tests.support.stack import Stack
from tests.support.tools import WANTED
from tests.support.trouble import Trouble

from .prometheus import Prometheus

INFRA = Path(__file__).resolve().parents[2] / "infra"
OBSERVABILITY = INFRA / "observability"
RULES = OBSERVABILITY / "rules.yaml"
SELECTOR = re.compile(r"\b((?:ray_|dropforge:)[a-z0-9_:]+(?:\{[^}]*\})?)")

LABELS = {
    "outcome": {"out", "blank", "stored", "done", "failed", "accepted", "duplicate", "other_event", "not_watched"}
    | {"not_matched", "succeeded", "failed_again"},
    "state": {"done", "refused", "incomplete"},
    "direction": {"in", "out", "images"},
    "stage": {"plan", "read", "clean", "images", "write", "assemble", "shard", "run"},
    "code": {"", "many_rejects"},
    "dependency": {"source_bucket", "work_bucket", "subscription", "stream", "dead_letter_topic"}
    | {"dead_letter_subscription"},
}
"""Every value that a label of ours may have, besides the codes of `actors.errors`."""

NEEDED = {
    "rows by outcome": "ray_dropforge_rows_total",
    "shards by outcome": "ray_dropforge_shards_total",
    "images by outcome": "ray_dropforge_images_total",
    "stage seconds": "ray_dropforge_stage_seconds_bucket",
    "run seconds": "ray_dropforge_run_seconds_bucket",
    "retries": "ray_dropforge_retries_total",
    "dead letters": "ray_dropforge_dead_letters_total",
    "replays": "ray_dropforge_replayed_total",
    "in flight": "ray_dropforge_shards_in_flight",
    "lease takeovers": "ray_dropforge_lease_takeovers_total",
    "oldest open run": "ray_dropforge_oldest_open_run_seconds",
    "slowest request": 'ray_dropforge_dependency_slowest_seconds{dependency="work_bucket"}',
    "last message age": "ray_dropforge_last_message_age_seconds",
    "bytes in": 'ray_dropforge_bytes_total{direction="in"}',
    "bytes out": 'ray_dropforge_bytes_total{direction="out"}',
}

needs_prometheus = pytest.mark.skipif(not Prometheus.installed, reason=WANTED["Prometheus"])


@pytest.fixture(scope="module")
def prometheus(stack: Stack, trouble: Trouble, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with Prometheus(tmp_path_factory.mktemp("prometheus"), stack.metrics_url, RULES) as running:
        yield running


def panels() -> list[dict[str, Any]]:
    dashboard = json.loads((OBSERVABILITY / "dashboard.json").read_text())
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    """The panels' expressions, with what Grafana puts in."""
    return [
        target["expr"].replace("$__rate_interval", "1m").replace("$__range", "5m")
        for panel in panels()
        for target in panel["targets"]
    ]


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


@needs_prometheus
def test_every_series_that_is_asked_of_the_application_is_there(prometheus: Prometheus) -> None:
    assert prometheus.missing(list(NEEDED.values())) == []


@needs_prometheus
def test_every_panel_shows_something(prometheus: Prometheus) -> None:
    assert prometheus.missing(queries()) == []
    for query in queries():
        print(len(prometheus.series(query)), query)


@needs_prometheus
def test_every_rule_asks_for_series_that_are_there(prometheus: Prometheus) -> None:
    selectors = [selector for rule in rules() for selector in SELECTOR.findall(rule["expr"])]
    assert len(set(selectors)) >= 10
    assert prometheus.missing(selectors) == []
    evaluated = {rule["name"]: rule for rule in prometheus.rules()}
    assert {rule.get("alert") or rule["record"] for rule in rules()} == set(evaluated)
    assert {name: rule["lastError"] for name, rule in evaluated.items() if rule.get("lastError")} == {}


@needs_prometheus
def test_every_terraform_alert_asks_for_series_that_exist(prometheus: Prometheus) -> None:
    text = (INFRA / "terraform" / "modules" / "alerts" / "main.tf").read_text()
    expressions = [found.replace('\\"', '"') for found in re.findall(r'query\s+= "((?:[^"\\]|\\.)+)"', text)]
    assert len(expressions) >= 4
    assert prometheus.missing([s for expression in expressions for s in SELECTOR.findall(expression)]) == []


@needs_prometheus
def test_labels_are_bounded(prometheus: Prometheus) -> None:
    codes = {str(code) for code in Code}
    for series in prometheus.series('{__name__=~"ray_dropforge_.+"}'):
        for label, values in LABELS.items():
            value = series["metric"].get(label, "")
            assert value in values | codes | {""}, (label, series["metric"])


@needs_prometheus
@pytest.mark.parametrize(
    "arguments", [("check", "rules", "rules.yaml"), ("test", "rules", "rules_test.yaml")], ids=lambda each: each[0]
)
def test_promtool_accepts_the_rules(arguments: tuple[str, ...]) -> None:
    ran = subprocess.run(["promtool", *arguments], cwd=OBSERVABILITY, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_is_tested_and_says_what_to_do() -> None:
    tests = (OBSERVABILITY / "rules_test.yaml").read_text()
    for rule in rules():
        if "alert" in rule:
            assert f'"{rule["alert"]}"' in tests, rule["alert"]
            assert rule["annotations"].keys() == {"summary", "action"}
            assert rule["labels"]["severity"] in ("page", "ticket")


def test_panels_do_not_overlap_and_have_names_of_their_own() -> None:
    everything = json.loads((OBSERVABILITY / "dashboard.json").read_text())["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in everything:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
    for name in ("id", "title"):
        assert len({panel[name] for panel in everything}) == len(everything)
