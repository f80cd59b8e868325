"""One running application with all it needs: local cloud, image host, a receiver of traces, and Serve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import ray
import requests
from google.cloud import pubsub_v1

from actors.model.drop import Drop
from actors.model.manifest import Manifest
from actors.model.run import Run
from infra.local.cloud import LocalCloud
from infra.local.image_host import ImageHost
from serve_app.config.settings import Settings
from serve_app.pubsub.dead_letter_topic import DeadLetterSubscription

from .deadline import wait_for
from .otlp_receiver import OtlpReceiver
from .system import System, images_at
from .world import push_envelope

_REPLICA = ":actor_name:ServeReplica:dropforge:"
_WAIT_S = 180.0


class Stack(System):
    """What the tests of tests/stack share for a session: small shards, leases that lapse soon, two cleaners."""

    def __init__(self) -> None:
        # With the dashboard, since `serve status` asks it.
        super().__init__({}, replicas={"Cleaner": 2}, dashboard=True)
        self._session = requests.Session()
        self._session.trust_env = False

    def _start(self, running: ExitStack) -> tuple[LocalCloud, Settings]:
        self.images = running.enter_context(ImageHost(any_path=True))
        self.traces = running.enter_context(OtlpReceiver())
        self._given = {
            "otlp_endpoint": self.traces.url,
            "images": images_at(self.images.port),
            "scan_chunk_bytes": 1 << 18,
            "shard_rows": 100,
            "lease_s": 3.0,
            "adopt_every_s": 0.2,
        }
        return super()._start(running)

    @property
    def metrics_url(self) -> str:
        """Ray's exporter of the one node."""
        (node,) = ray.nodes()
        return f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"

    def log_lines(self) -> Iterator[tuple[str, str]]:
        """What our replicas have written to standard error so far: each one's deployment, and a line."""
        for file in sorted(self.host.logs.glob("worker-*.err")):
            lines = file.read_text().splitlines()
            (name,) = [line for line in lines if line.startswith(":actor_name:")] or [""]
            if name.startswith(_REPLICA):
                yield from ((name.removeprefix(_REPLICA), line) for line in lines if not line.startswith(":"))

    @property
    def dashboard_url(self) -> str | None:
        return self.host.dashboard_url

    def accept(self, drop: Drop, **changes: Any) -> Run:
        """Starts the run of a drop that is not watched, with some of its settings changed."""
        return self.accept_run(self.settings.run_for(drop).model_copy(update=changes))

    def accept_run(self, run: Run) -> Run:
        assert self.ledger.accept(run)
        return run

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """A call of the application's API."""
        return self._session.request(method, f"{self.url}{path}", timeout=_WAIT_S, **arguments)

    def push(self, attributes: Mapping[str, str]) -> requests.Response:
        """A notification as a push subscription delivers it."""
        return self.call("POST", "/pubsub/push", json=push_envelope(attributes))

    @contextmanager
    def push_subscription(self, *, attempts: int, no_wrapper: bool = False) -> Iterator[Callable[..., None]]:
        """A topic whose messages are pushed to the application, and dead-lettered after `attempts`.

        Gives what publishes a message's attributes to it, and its data.
        """
        project = self.settings.project
        topic = self.publisher.create_topic(name=f"projects/{project}/topics/pushed").name
        subscriber = pubsub_v1.SubscriberClient()
        subscription = f"projects/{project}/subscriptions/pushed"
        letters = f"projects/{project}/topics/{self.settings.dead_letter_topic}"
        policy = {"dead_letter_topic": letters, "max_delivery_attempts": attempts}
        subscriber.create_subscription(
            request={
                "name": subscription,
                "topic": topic,
                "push_config": {
                    "push_endpoint": f"{self.url}/pubsub/push",
                    **({"no_wrapper": {"write_metadata": True}} if no_wrapper else {}),
                },
                "dead_letter_policy": policy,
            }
        )

        def publish(attributes: Mapping[str, str], data: bytes = b"{}") -> None:
            self.publisher.publish(topic, data, **attributes).result(_WAIT_S)

        yield publish
        subscriber.delete_subscription(subscription=subscription)
        self.publisher.delete_topic(topic=topic)

    def dead_letters_with(self, attributes: Mapping[str, str]) -> list[dict[str, str]]:
        """The attributes of the dead-lettered messages that have these, once there is one; it is acknowledged."""
        queue = DeadLetterSubscription(self.settings.project, self.settings.dead_letter_subscription)
        found: list[dict[str, str]] = []

        def look() -> bool:
            pulled = queue.pull(100)
            wanted = [letter for letter in pulled if attributes.items() <= letter.attributes.items()]
            queue.acknowledge(wanted)
            queue.release([letter for letter in pulled if letter not in wanted])
            found.extend(dict(letter.attributes) for letter in wanted)
            return bool(found)

        self.until(f"A dead letter with {attributes}", look)
        return found

    def view(self, drop: Drop) -> dict[str, Any] | None:
        """What the API says of a drop's run; None where there is none."""
        answer = self.call("GET", f"/runs/{drop.run_id}")
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return answer.json()

    def until(self, what: str, condition: Callable[[], bool]) -> None:
        """Waits until `condition` holds."""
        wait_for(condition, within_s=_WAIT_S, what=what)

    def result(self, drop: Drop) -> Manifest:
        """The manifest of a drop's run, once the run has ended and is listed as closed."""
        records = self.ledger.records(drop.run_id)
        try:
            self.until(f"The end of {drop.uri}", lambda: records.manifest() is not None)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; it is {self.view(drop)}") from None
        self.until(f"The closing of {drop.uri}", lambda: drop.run_id not in self.ledger.open_run_ids())
        manifest = records.manifest()
        assert manifest is not None
        return manifest

    def done(self, drop: Drop) -> Manifest:
        manifest = self.result(drop)
        assert manifest.state == "done", manifest.reason
        return manifest
