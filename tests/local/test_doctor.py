"""`dropforge doctor`: each finding provoked.

What Pub/Sub can express is provoked on the local cloud's real one. The local object store knows no notifications, and
neither knows permissions: those are answered by `fake_project`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from fake_project import FakeProject
from google.protobuf.duration_pb2 import Duration
from pubsub_bus import Bus

from infra.local.cloud import LocalCloud
from infra.local.port import HOST, free_port
from infra.local.pubsub.filter import compile_filter
from serve_app.cli import main
from serve_app.doctor.examination import Examination
from serve_app.doctor.finding import Finding, Level
from serve_app.doctor.machine import judge_clock, judge_versions
from serve_app.settings import Settings

_numbers = itertools.count(1)
NEVER: dict[str, Any] = {"expiration_policy": {}}


@dataclass(slots=True)
class Project:
    """A project set up well; a test changes what it is about, then asks."""

    bus: Bus
    fake: FakeProject
    settings: Settings
    topic: str
    letters: str

    def subscribe(self, **changes: Any) -> None:
        config: dict[str, Any] = {
            "topic": self.topic,
            "ack_deadline_seconds": 60,
            "retry_policy": {"minimum_backoff": Duration(seconds=10), "maximum_backoff": Duration(seconds=600)},
            "dead_letter_policy": {"dead_letter_topic": self.letters, "max_delivery_attempts": 10},
            **NEVER,
            **changes,
        }
        given = {name: value for name, value in config.items() if value is not None}
        self.bus.subscriber.create_subscription(request={"name": self.path(self.settings.subscription), **given})

    def subscribe_letters(self, **changes: Any) -> None:
        path = self.path(self.settings.dead_letter_subscription)
        given = {
            name: value for name, value in {"topic": self.letters, **NEVER, **changes}.items() if value is not None
        }
        self.bus.subscriber.create_subscription(request={"name": path, **given})

    def unsubscribe(self, name: str) -> None:
        self.bus.subscriber.delete_subscription(request={"subscription": self.path(name)})

    def resubscribe(self, **changes: Any) -> None:
        self.unsubscribe(self.settings.subscription)
        self.subscribe(**changes)

    def resubscribe_letters(self, **changes: Any) -> None:
        self.unsubscribe(self.settings.dead_letter_subscription)
        self.subscribe_letters(**changes)

    def replace_letters_subscription(self, topic: str, *, known: bool) -> None:
        """The dead-letter topic has a subscription, but of another name; that of the settings is of `topic`, if any."""
        self.bus.subscription(self.letters)
        self.unsubscribe(self.settings.dead_letter_subscription)
        if known:
            self.subscribe_letters(topic=topic)

    def notify(self, **changes: Any) -> None:
        """One notification configuration more."""
        configs = self.fake.notifications.setdefault(self.settings.source_bucket, [])
        configs.append(
            {
                "id": str(len(configs) + 1),
                "topic": f"//pubsub.googleapis.com/{self.topic}",
                "event_types": ["OBJECT_FINALIZE"],
                "object_name_prefix": "in/",
                "payload_format": "NONE",
                **changes,
            }
        )

    def renotify(self, **changes: Any) -> None:
        self.fake.notifications.clear()
        self.notify(**changes)

    def path(self, subscription: str) -> str:
        return self.bus.subscriber.subscription_path(self.bus.project, subscription)

    def findings(self, **changes: Any) -> list[Finding]:
        settings = self.settings.model_copy(update=changes)
        examination = Examination(settings, lambda source, attributes: compile_filter(source)(attributes))
        return list(examination.findings())


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


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to the project, and what is found: its check, level, and words of it and of its fix."""

    provoke: Callable[[Project], object]
    check: str
    level: Level
    what: str
    fix: str


def other_topic(project: Project) -> str:
    return project.bus.topic()


FAULTS = {
    "no notification": Fault(
        lambda p: p.fake.notifications.clear(), "notification", Level.ERROR, "No notification", "notifications create"
    ),
    "notification twice": Fault(
        lambda p: p.notify(), "notification", Level.WARNING, "2 notifications", "notificationConfigs/2"
    ),
    "overlapping notification": Fault(
        lambda p: p.notify(object_name_prefix="in/shop/"), "notification", Level.WARNING, "2 notifications", "delete"
    ),
    "notification of less": Fault(
        lambda p: p.renotify(object_name_prefix="in/shop/"),
        "notification",
        Level.ERROR,
        "unnoticed",
        "--object-prefix=in/",
    ),
    "notification of all": Fault(
        lambda p: p.renotify(object_name_prefix=""),
        "notification",
        Level.WARNING,
        "whole bucket",
        "--object-prefix=in/",
    ),
    "notification of deletions": Fault(
        lambda p: p.renotify(event_types=["OBJECT_DELETE"]), "notification", Level.ERROR, "No notification", "create"
    ),
    "notification of every event": Fault(
        lambda p: p.renotify(event_types=[]), "notification", Level.WARNING, "every event", "OBJECT_FINALIZE"
    ),
    "notification of another topic": Fault(
        lambda p: p.renotify(topic="//pubsub.googleapis.com/projects/elsewhere/topics/elsewhere"),
        "notification",
        Level.ERROR,
        "lead elsewhere",
        "notifications create",
    ),
    "outputs on the drops' topic": Fault(
        lambda p: p.fake.notifications.update(
            {p.settings.output_bucket: p.fake.notifications[p.settings.source_bucket]}
        ),
        "output",
        Level.WARNING,
        "every output",
        "notifications delete",
    ),
    "no subscription": Fault(
        lambda p: p.unsubscribe(p.settings.subscription), "subscription", Level.ERROR, "no subscription", "create"
    ),
    "expiring subscription": Fault(
        lambda p: p.resubscribe(expiration_policy=None),
        "subscription",
        Level.ERROR,
        "31 days",
        "--expiration-period=never",
    ),
    "subscription that expires soon": Fault(
        lambda p: p.resubscribe(expiration_policy={"ttl": Duration(seconds=3 * 86400)}),
        "subscription",
        Level.ERROR,
        "3 days",
        "--expiration-period=never",
    ),
    "filter of another prefix": Fault(
        lambda p: p.resubscribe(filter='hasPrefix(attributes.objectId,"other/")'),
        "subscription",
        Level.ERROR,
        "keeps drops away",
        "anew",
    ),
    "filter of another event": Fault(
        lambda p: p.resubscribe(filter='attributes.eventType="OBJECT_DELETE"'),
        "subscription",
        Level.ERROR,
        "keeps drops away",
        "anew",
    ),
    "short ack deadline": Fault(
        lambda p: p.resubscribe(ack_deadline_seconds=10), "subscription", Level.WARNING, "10 s", "--ack-deadline=60"
    ),
    "short retention": Fault(
        lambda p: p.resubscribe(message_retention_duration=Duration(seconds=1800)),
        "subscription",
        Level.WARNING,
        "30 minutes",
        "--message-retention-duration",
    ),
    "no retry policy": Fault(
        lambda p: p.resubscribe(retry_policy=None), "subscription", Level.WARNING, "again at once", "--max-retry-delay"
    ),
    "no dead-letter policy": Fault(
        lambda p: p.resubscribe(dead_letter_policy=None),
        "subscription",
        Level.WARNING,
        "no dead-letter policy",
        "--dead-letter-topic",
    ),
    "dead letters elsewhere": Fault(
        lambda p: p.resubscribe(dead_letter_policy={"dead_letter_topic": other_topic(p), "max_delivery_attempts": 5}),
        "subscription",
        Level.ERROR,
        "`dropforge replay` looks at",
        "--dead-letter-topic",
    ),
    "pushed, though it is pulled": Fault(
        lambda p: p.resubscribe(push_config={"push_endpoint": f"http://{HOST}:9/pubsub/push"}),
        "subscription",
        Level.ERROR,
        "the application pulls",
        "DROPFORGE_PULL=false",
    ),
    "topic deleted": Fault(
        lambda p: p.bus.publisher.delete_topic(request={"topic": p.topic}),
        "subscription",
        Level.ERROR,
        "topic of",
        "anew",
    ),
    "dead letters without a subscription": Fault(
        lambda p: p.unsubscribe(p.settings.dead_letter_subscription),
        "dead letters",
        Level.ERROR,
        "has no subscription",
        "subscriptions create",
    ),
    "dead letters' subscription of another name": Fault(
        lambda p: p.replace_letters_subscription(p.letters, known=False),
        "dead letters",
        Level.ERROR,
        "is not there",
        "DROPFORGE_DEAD_LETTER_SUBSCRIPTION",
    ),
    "dead letters' subscription of another topic": Fault(
        lambda p: p.replace_letters_subscription(other_topic(p), known=True),
        "dead letters",
        Level.ERROR,
        "`dropforge replay` sees none",
        "--topic",
    ),
    "expiring dead letters": Fault(
        lambda p: p.resubscribe_letters(expiration_policy=None), "dead letters", Level.ERROR, "31 days", "=never"
    ),
    "no dead-letter topic": Fault(
        lambda p: p.bus.publisher.delete_topic(request={"topic": p.letters}),
        "dead letters",
        Level.ERROR,
        "no topic",
        "topics create",
    ),
    "may not write": Fault(
        lambda p: p.fake.denied.add("storage.objects.create"),
        "permissions",
        Level.ERROR,
        "storage.objects.create missing",
        "roles/storage.objectUser",
    ),
    "may not read": Fault(
        lambda p: p.fake.denied.add("storage.objects.get"),
        "permissions",
        Level.ERROR,
        "storage.objects.get missing",
        "roles/storage.objectViewer",
    ),
    "may not pull": Fault(
        lambda p: p.fake.denied.add("pubsub.subscriptions.consume"),
        "permissions",
        Level.ERROR,
        "pubsub.subscriptions.consume missing",
        "roles/pubsub.subscriber",
    ),
    "may not publish": Fault(
        lambda p: p.fake.denied.add("pubsub.topics.publish"),
        "permissions",
        Level.ERROR,
        "pubsub.topics.publish missing",
        "roles/pubsub.publisher",
    ),
    "may not look": Fault(
        lambda p: p.fake.denied.add("pubsub.topics.get"),
        "permissions",
        Level.ERROR,
        "pubsub.topics.get missing",
        "roles/pubsub.viewer",
    ),
    "Cloud Storage may not publish": Fault(
        lambda p: p.fake.ungranted.add("roles/pubsub.publisher"),
        "permissions",
        Level.ERROR,
        "no drop is noticed",
        "gs-project-accounts",
    ),
    "Pub/Sub may not dead-letter": Fault(
        lambda p: p.fake.ungranted.add("roles/pubsub.subscriber"),
        "permissions",
        Level.ERROR,
        "come again",
        "gcp-sa-pubsub",
    ),
    "clock a little off": Fault(
        lambda p: setattr(p.fake, "skew_s", 5.0), "clock", Level.WARNING, "behind Cloud Storage's", "chrony"
    ),
    "clock far off": Fault(
        lambda p: setattr(p.fake, "skew_s", -60.0), "clock", Level.ERROR, "ahead of Cloud Storage's", "chrony"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_with_its_fix(project: Project, name: str) -> None:
    fault = FAULTS[name]
    fault.provoke(project)
    found = [finding for finding in project.findings() if finding.check == fault.check and finding.level == fault.level]
    told = [finding for finding in found if fault.what in finding.what and fault.fix in finding.fix]
    assert told, found


def test_a_pulled_subscription_of_an_application_that_is_pushed_to(project: Project) -> None:
    (finding,) = [each for each in project.findings(pull=False) if each.check == "subscription"]
    assert (finding.level, "no push endpoint" in finding.what) == (Level.ERROR, True)


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
    assert "tenacity >=99 is needed" in wrong[0].what
    assert "nothing is installed" in wrong[1].what


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
    assert "Try: mend the settings" in result.stderr
