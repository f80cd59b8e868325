"""`dropforge doctor`: each finding provoked.

What Pub/Sub can express is provoked on the local cloud's real one. The local object store knows no notifications, and
neither knows permissions: those are answered by `fake_project`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from infra.local.cloud import LocalCloud
from infra.local.port import HOST, free_port
from serve_app.cli import main
from serve_app.config.settings import Settings
from serve_app.doctor.finding import Level
from serve_app.doctor.machine import judge_clock, judge_versions

from .doctor_faults import FAULTS
from .doctor_project import Project
from .fake_project import FakeProject
from .pubsub_bus import Bus

_numbers = itertools.count(1)


@pytest.fixture
def project(embedded_bus: Bus, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    number = next(_numbers)
    topic, letters = embedded_bus.topic(), embedded_bus.topic()
    settings = Settings(
        project=embedded_bus.project,
        subscription=f"doctor-{number}",
        dead_letter_subscription=f"doctor-letters-{number}",
        dead_letter_topic=letters.rpartition("/")[2],
    )
    with FakeProject(cloud.pubsub_address) as fake:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.storage_url)
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", fake.pubsub_address)
        monkeypatch.setenv("no_proxy", HOST)
        made = Project(embedded_bus, fake, settings, topic, letters)
        made.subscribe()
        made.subscribe_letters()
        made.notify()
        yield made


def test_a_project_that_is_set_up_well(project: Project) -> None:
    findings = project.findings()
    assert {finding.level for finding in findings} == {Level.OK}, findings
    checks = {finding.check for finding in findings}
    assert checks == {"versions", "clock", "subscription", "dead letters", "notification", "output", "permissions"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_with_its_fix(project: Project, name: str) -> None:
    fault = FAULTS[name]
    fault.provoke(project)
    found = [finding for finding in project.findings() if finding.check == fault.check and finding.level == fault.level]
    told = [finding for finding in found if fault.what in finding.what and fault.fix in finding.fix]
    assert told, found


def test_an_application_that_is_pushed_to_needs_an_endpoint(project: Project) -> None:
    (finding,) = [each for each in project.findings(pull=False) if each.check == "subscription"]
    assert (finding.level, "no push endpoint" in finding.what) == (Level.ERROR, True)


def test_an_unwrapped_push_needs_its_metadata(project: Project) -> None:
    endpoint = "https://shop.example/pubsub/push"
    project.resubscribe(push_config={"push_endpoint": endpoint, "no_wrapper": {}})
    bare = [each for each in project.findings(pull=False) if "without their metadata" in each.what]
    assert [(each.level, "--push-no-wrapper-write-metadata" in each.fix) for each in bare] == [(Level.ERROR, True)]
    project.resubscribe(push_config={"push_endpoint": endpoint, "no_wrapper": {"write_metadata": True}})
    assert not [each for each in project.findings(pull=False) if "metadata" in each.what]


def test_what_an_emulator_can_t_answer_is_unknown(
    cloud: LocalCloud, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    findings = project.findings(source_bucket=cloud.options.source_bucket, output_bucket=cloud.options.output_bucket)
    levels = {(finding.check, finding.level) for finding in findings}
    assert {("notification", Level.UNKNOWN), ("permissions", Level.UNKNOWN)} <= levels
    assert {("clock", Level.OK), ("subscription", Level.OK), ("dead letters", Level.OK)} <= levels
    assert not [finding for finding in findings if finding.wrong]


def test_a_header_of_now_is_no_skew() -> None:
    now = datetime(2026, 1, 1, 12, 0, 0, 900_000, tzinfo=UTC)
    header = "Thu, 01 Jan 2026 12:00:00 GMT"
    assert judge_clock(header, now, Settings()).level is Level.OK
    assert judge_clock(header, now + timedelta(hours=1), Settings()).level is Level.ERROR
    assert judge_clock(None, now, Settings()).level is Level.UNKNOWN


def test_a_package_of_another_version_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [finding.level for finding in judge_versions()] == [Level.OK]
    monkeypatch.setattr("importlib.metadata.requires", lambda name: ["tenacity>=99", "no-such-package>=1"])
    wrong = list(judge_versions())
    assert [finding.level for finding in wrong] == [Level.ERROR, Level.ERROR]
    assert "tenacity >=99 is required" in wrong[0].what
    assert "it is not installed" in wrong[1].what


def configured(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = project.settings
    for name in ("project", "subscription", "dead_letter_topic", "dead_letter_subscription"):
        monkeypatch.setenv(f"DROPFORGE_{name.upper()}", getattr(settings, name))


def test_the_command_says_it_by_its_exit_code(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("nothing-runs-here"))
    configured(project, monkeypatch)
    well = CliRunner().invoke(main, ["doctor", "--json"])
    answer = json.loads(well.stdout)
    assert (well.exit_code, answer["ok"]) == (0, True), answer
    project.resubscribe(ack_deadline_seconds=10)
    ill = CliRunner().invoke(main, ["doctor"])
    assert ill.exit_code == 1
    assert "Fix: gcloud pubsub subscriptions update" in ill.stdout
    assert "1 of" in ill.stdout


def test_what_can_t_be_reached_is_two_lines_and_exit_code_2(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("nothing-runs-here"))
    configured(project, monkeypatch)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{HOST}:{free_port()}")
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 2
    error, attempt = result.stderr.splitlines()
    assert error.startswith("Error: clock: Google Cloud does not answer")
    assert attempt.startswith("Try: ")


def test_output_inside_the_input_is_refused_in_two_lines(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("nothing-runs-here"))
    configured(project, monkeypatch)
    monkeypatch.setenv("DROPFORGE_OUTPUT_BUCKET", project.settings.source_bucket)
    monkeypatch.setenv("DROPFORGE_OUTPUT_PREFIX", "in/processed/")
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "overlap" in result.stderr
    assert "Try: correct the settings" in result.stderr
