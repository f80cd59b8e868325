"""The image, built and run: `make image-test`. Needs root, and Debian's buildah, podman, runc and mmdebstrap.

A machine that reaches no image registry gets a stand-in for the Dockerfile's FROM; see `base_image`.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from actors.model.drop import Drop
from actors.model.manifest import Manifest
from actors.storage.bucket import Bucket, connect
from infra.local.cloud import LocalCloud, LocalCloudOptions
from infra.local.image_host import ImageHost
from infra.local.port import is_free
from infra.local.sample import Sample, sample
from serve_app.config.settings import Settings
from serve_app.runs.run_registry import RunRegistry

from .manifests import ROOT

pytestmark = [pytest.mark.image, pytest.mark.timeout(1800)]

BASE = "localhost/python:3.12-slim-bookworm"
IMAGE = "localhost/dropforge:test"
PORT = 8000
MOST_BYTES = 1_500_000_000
START_S = 300.0
RUN_S = 120.0
STOP_S = 60
LOOK_S = 0.1


def run(*command: str | Path, timeout_s: float = 1200) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s)
    assert ran.returncode == 0, f"{command}\n{ran.stdout[-4000:]}\n{ran.stderr[-4000:]}"
    return ran.stdout


def wait(until: Callable[[], bool], within_s: float, what: str) -> None:
    deadline = time.monotonic() + within_s
    while not until():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} took more than {within_s:.0f} s")
        time.sleep(LOOK_S)


@pytest.fixture(scope="module")
def image() -> str:
    for tool in ("buildah", "podman", "runc", "mmdebstrap"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed; it is a Debian package of this name")
    if os.geteuid() != 0:
        pytest.skip("building an image here needs root")
    if subprocess.run(["buildah", "inspect", "--type", "image", BASE], capture_output=True).returncode:
        run(ROOT / "tests" / "infra" / "base_image", BASE, _python())
    run("buildah", "bud", "--isolation=chroot", "--network=host", "--pull-never", "--format=docker", "--layers",
        "--build-arg", "REVISION=0123abc", "--tag", IMAGE, ROOT)  # fmt: skip
    return IMAGE


def _python() -> str:
    found = [shutil.which("python3.12"), *sorted(map(str, Path.home().glob(".pyenv/versions/3.12.*/bin/python3.12")))]
    for python in filter(None, found):
        if subprocess.run([python, "-c", ""], capture_output=True).returncode == 0:
            return python
    pytest.skip("Python 3.12 is not installed; the stand-in for the base image is made of it")


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings()


@dataclass(frozen=True, slots=True)
class Container:
    """A running application, with the local cloud it works on."""

    name: str
    images: ImageHost
    source: Bucket
    output: Bucket
    ledger: RunRegistry
    started_s: float

    def drop(self, name: str, data: bytes) -> Drop:
        return Drop(self.source.name, name, self.source.put(name, data, content_type="text/csv"))

    def manifest(self, drop: Drop) -> Manifest:
        records = self.ledger.records(drop.run_id)
        wait(lambda: records.manifest() is not None, RUN_S, f"the run of {drop.uri}")
        manifest = records.manifest()
        assert manifest is not None
        return manifest

    def log(self) -> list[str]:
        ran = subprocess.run(["podman", "logs", self.name], capture_output=True, text=True, timeout=60)
        return [*ran.stdout.splitlines(), *ran.stderr.splitlines()]


@pytest.fixture(scope="module")
def container(image: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    if not is_free(PORT):
        pytest.skip(f"port {PORT} is in use; the container needs it")
    configuration = tmp_path_factory.mktemp("podman") / "containers.conf"
    configuration.write_text(
        '[containers]\ndefault_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]\n'
        '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
    )
    options = LocalCloudOptions(
        project=settings.project,
        source_bucket=settings.source_bucket,
        output_bucket=settings.output_bucket,
        watched_prefix=settings.watched_prefix,
        topic="drops",
        subscription=settings.subscription,
        dead_letter_topic=settings.dead_letter_topic,
        dead_letter_subscription=settings.dead_letter_subscription,
    )
    name = f"dropforge-test-{os.getpid()}"
    with ImageHost() as images, LocalCloud(options) as cloud:
        environment = cloud.environment | {
            "DROPFORGE_IMAGES__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
            "DROPFORGE_IMAGES__ALLOWED_PORTS": json.dumps([images.port]),
            "DROPFORGE_API_TOKEN": "only-for-this-test",
            "RAY_OVERRIDE_RESOURCES": '{"CPU": 4}',
        }
        given = [f"--env={variable}={value}" for variable, value in environment.items()]
        with mock.patch.dict(os.environ, cloud.environment | {"CONTAINERS_CONF": str(configuration)}):
            started = time.monotonic()
            run("podman", "run", "--detach", f"--name={name}", "--network=host", "--read-only", "--tmpfs=/tmp",
                "--shm-size=1g", "--cap-drop=all", "--security-opt=no-new-privileges", *given, image)  # fmt: skip
            try:
                wait(lambda: _healthy(name), START_S, "the start")
                client = connect(settings.project)
                output = Bucket(client, settings.output_bucket)
                yield Container(
                    name=name,
                    images=images,
                    source=Bucket(client, settings.source_bucket),
                    output=output,
                    ledger=RunRegistry(output, settings.work_prefix),
                    started_s=time.monotonic() - started,
                )
            finally:
                subprocess.run(["podman", "rm", "--force", "--time=5", name], capture_output=True, timeout=120)


def _healthy(name: str) -> bool:
    state = run("podman", "inspect", "--format={{.State.Status}}", name).strip()
    if state != "running":
        ran = subprocess.run(["podman", "logs", "--tail=60", name], capture_output=True, text=True, timeout=60)
        pytest.fail(f"the container is {state}:\n{ran.stdout}{ran.stderr}", pytrace=False)
    return subprocess.run(["podman", "healthcheck", "run", name], capture_output=True, timeout=60).returncode == 0


def test_the_image_is_small_and_not_root_s(image: str) -> None:
    (inspected,) = json.loads(run("podman", "inspect", "--type=image", image))
    config = inspected["Config"]

    print(f"{image}: {inspected['Size'] / 1e9:.2f} GB")
    assert inspected["Size"] < MOST_BYTES
    assert config["User"] == "10001:10001"
    assert config["Labels"]["org.opencontainers.image.revision"] == "0123abc"
    assert inspected["Healthcheck"]["Test"][0] == "CMD"
    for command in (config["Entrypoint"], config["Cmd"]):
        assert not {"sh", "/bin/sh", "bash", "/bin/bash"} & set(command)


def test_a_drop_is_processed(container: Container) -> None:
    catalogue: Sample = sample(container.images.url)

    manifest = container.manifest(container.drop("in/sample.csv", catalogue.content))

    print(f"healthy after {container.started_s:.0f} s; {manifest.counts.rows_out} rows out")
    assert manifest.state == "done"
    assert manifest.counts.rejects == catalogue.expected.rejects
    assert manifest.counts.images == catalogue.expected.images
    assert manifest.output is not None
    rows = list(csv.DictReader(io.StringIO(container.output.read(manifest.output.name).decode())))
    assert len(rows) == manifest.counts.rows_out
    assert sum(bool(row["image_uri"]) for row in rows) == manifest.counts.images["stored"]


def test_events_keep_their_severity(container: Container) -> None:
    """Each event is one JSON line of the container's output, also those of replicas, which are other processes."""
    container.manifest(container.drop("in/logged.csv", sample(container.images.url).content))
    events = [json.loads(line) for line in container.log() if line.startswith('{"severity"')]
    failed = [event for event in events if re.search(r"ray_worker_node_id.+Image.+not found$", event["message"])]

    assert any(event["severity"] == "INFO" and event["message"].startswith("Started run") for event in events)
    assert failed
    assert {event["severity"] for event in failed} == {"ERROR"}


def test_sigterm_drains_and_exits_with_0(container: Container) -> None:
    drop = container.drop("in/last.csv", sample(container.images.url).content)
    wait(lambda: container.ledger.records(drop.run_id).run() is not None, RUN_S, "the notification")

    began = time.monotonic()
    run("podman", "kill", "--signal=TERM", container.name)
    code = run("podman", "wait", container.name, timeout_s=STOP_S).strip()

    print(f"ended after {time.monotonic() - began:.0f} s")
    assert code == "0", "\n".join(container.log()[-40:])
    snapshot = container.ledger.snapshot(drop.run_id)
    assert snapshot is not None
    assert snapshot.owner is None, "the run was not given back"
