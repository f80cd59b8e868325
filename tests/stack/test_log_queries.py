"""The queries of infra/observability, and the reference guide's, over what the replicas really write."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from tests.support.stack import Stack
from tests.support.trouble import Trouble

from . import log_query
from .log_query import Entry

LOGS = Path(__file__).resolve().parents[2] / "infra" / "observability" / "logs"
NODE = re.compile(r"[0-9a-f]{56}")


def entries(stack: Stack) -> list[Entry]:
    return [log_query.entry_of(line) for _, line in stack.log_lines()]


def found_by(query: str, stack: Stack) -> list[Entry]:
    return [entry for entry in entries(stack) if log_query.parse(query)(entry)]


def stored(name: str) -> str:
    return (LOGS / name).read_text()


def test_every_line_is_one_event_in_cloud_logging_s_fields(stack: Stack, trouble: Trouble) -> None:
    seen = set()
    for deployment, line in stack.log_lines():
        event = json.loads(line)
        assert event["severity"] in ("INFO", "WARNING", "ERROR"), line
        assert event["message"], line
        assert datetime.fromisoformat(event["timestamp"]).tzinfo, line
        assert NODE.fullmatch(event["logging.googleapis.com/labels"]["ray_worker_node_id"]), line
        seen.add((deployment, event["logger"]))
    assert {("Ingress", "dropforge.driver"), ("ImageFetcher", "dropforge.images")} <= seen


def test_started_and_finished_of_a_run_are_found(stack: Stack, trouble: Trouble) -> None:
    run_id = trouble.faulty.run_id
    found = found_by(f'{stored("runs.filter")} labels.run="{run_id}"', stack)
    assert [entry["jsonPayload"]["message"].split()[0] for entry in found] == ["Started", "Finished"]
    assert all(run_id in entry["jsonPayload"]["message"] for entry in found)
    assert {entry["severity"] for entry in found} == {"INFO"}


def test_images_that_were_not_found_are_found(stack: Stack, trouble: Trouble) -> None:
    found = found_by(stored("images-not-found.filter"), stack)
    run_id = trouble.faulty.run_id
    of_the_run = [entry for entry in found if entry["labels"]["run"] == run_id]
    counts = stack.done(trouble.faulty).counts
    assert len(of_the_run) == counts.image_failures["image_not_found"] > 0
    for entry in of_the_run:
        node = entry["labels"]["ray_worker_node_id"]
        assert entry["jsonPayload"]["message"] == f"ray_worker_node_id:{node} Image '{trouble.missing_url}' not found"
        assert (entry["labels"]["stage"], entry["labels"]["code"]) == ("images", "image_not_found")
    assert {entry["labels"]["shard"] for entry in of_the_run} == {"0", "1", "2"}


def test_errors_are_those_of_the_drops_that_failed(stack: Stack, trouble: Trouble) -> None:
    found = found_by(f'{stored("errors.filter")} labels.run="{trouble.replayed.run_id}"', stack)
    about = {(entry["labels"].get("stage"), entry["labels"].get("code")) for entry in found}
    assert ("images", "image_host_down") in about
    shards = {entry["labels"].get("shard") for entry in found if entry["labels"].get("code") == "image_host_down"}
    assert shards == {"0"}


@pytest.mark.parametrize("file", sorted(LOGS.glob("*.metric.yaml")), ids=lambda file: file.name)
def test_a_log_based_metric_has_entries_and_every_label_a_value(stack: Stack, trouble: Trouble, file: Path) -> None:
    metric = yaml.safe_load(file.read_text())
    found = found_by(metric["filter"], stack)
    assert found
    assert {label["key"] for label in metric["metricDescriptor"]["labels"]} == set(metric["labelExtractors"])
    for label, extractor in metric["labelExtractors"].items():
        values = {log_query.extract(entry, extractor) for entry in found}
        assert values - {""}, f"{label} is empty on all of {len(found)} entries"
        assert len(values) < 20
    if "valueExtractor" in metric:
        assert all(float(log_query.extract(entry, metric["valueExtractor"])) >= 0 for entry in found)


def test_the_node_is_the_one_the_reference_s_expression_finds(stack: Stack, trouble: Trouble) -> None:
    extractor = yaml.safe_load(stored("images-not-found.metric.yaml"))["labelExtractors"]["ray_worker_node_id"]
    found = found_by(stored("images-not-found.filter"), stack)
    assert found
    for entry in found:
        assert log_query.extract(entry, extractor) == entry["labels"]["ray_worker_node_id"]


def test_one_expression_in_filter_metric_sql_and_terraform() -> None:
    (expression,) = re.findall(r'message=~"(.+)"', stored("images-not-found.filter"))
    assert f'"{expression}"' in stored("images-not-found.sql")
    assert expression in yaml.safe_load(stored("images-not-found.metric.yaml"))["filter"]
    terraform = (LOGS.parents[1] / "terraform" / "modules" / "logs" / "main.tf").read_text()
    assert expression in terraform


def test_the_evaluator_tells_what_it_does_not_know() -> None:
    entry: Entry = {"severity": "INFO", "labels": {"a/b": "C"}, "jsonPayload": {"message": "Finished it"}}
    assert log_query.parse('severity=INFO\nlabels."a/b"="C" (jsonPayload.message:"begun" OR NOT severity=ERROR)')(entry)
    assert not log_query.parse('severity=INFO jsonPayload.message=~"^it"')(entry)
    assert not log_query.parse('labels."a/b"="c"')(entry)
    for unknown in ("severity>=ERROR", "(severity=INFO", 'severity=INFO "free text"'):
        with pytest.raises((ValueError, IndexError)):
            log_query.parse(unknown)
