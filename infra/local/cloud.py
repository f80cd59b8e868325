"""The local cloud: Cloud Storage and Pub/Sub as child processes, with buckets, topics and subscriptions in place."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from actors.errors import Code, DropforgeError
from actors.owned_folder import owned_folder, sweep

from .embedded_pubsub import EmbeddedPubsub
from .google_emulator import GooglePubsubEmulator
from .port import HOST
from .provision import Messaging, create_buckets
from .service import Service
from .storage import FakeGcsServer

Engine = Literal["auto", "google", "embedded"]

_PREFIX = "dropforge-"
_MEMORY = Path("/dev/shm")
_MEMORY_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class LocalCloudOptions:
    """What the local cloud contains.

    `state` is the folder that keeps its state between restarts; without one, the state is kept in memory if there is
    room, and deleted at the end. `work_bucket` is one more; empty: none. `watched_prefix` limits finalize events
    to objects whose names start with it. With a `push_endpoint` the subscription pushes to it, otherwise it is a pull
    subscription. `pubsub_engine` is `embedded` for the server in `infra/local/pubsub`, `google` for Google's emulator
    (slower, without filters, loses its state when killed), or `auto` for Google's if it is installed.
    """

    state: Path | None = None
    project: str = "dropforge-local"
    source_bucket: str = "in"
    output_bucket: str = "out"
    work_bucket: str = ""
    watched_prefix: str = ""
    topic: str = "drops"
    subscription: str = "drops"
    dead_letter_topic: str = "dead-letters"
    dead_letter_subscription: str = "dead-letters"
    push_endpoint: str | None = None
    pubsub_engine: Engine = "embedded"


class LocalCloud:
    """Runs the local cloud inside its `with` block.

    `cloud.storage` and `cloud.pubsub` are the two services; each can be killed, stopped and started again on its
    port with its state. Raises `LOCAL_CLOUD`, with the end of the child's log, when one does not start. The child
    processes end with the block, and also when this process crashes (guard.py).
    """

    pubsub: Service
    storage: Service
    objects: Path
    """A folder for each bucket, with a file for each object."""

    def __init__(self, options: LocalCloudOptions | None = None) -> None:
        self.options = options or LocalCloudOptions()

    def __enter__(self) -> Self:
        google = _google_emulator(self.options.pubsub_engine)
        with ExitStack() as started:
            root = self._folder(started)
            scratch = root if self.options.state is None else None
            self.pubsub = Service(
                google or EmbeddedPubsub(root / "pubsub"),
                root / "log" / "pubsub.log",
                scratch=scratch,
                prepare=self._create_messaging,
            )
            started.callback(self.pubsub.stop)
            self.pubsub.start()
            # Started after the topic and its subscription exist: an event without them would be lost.
            self.objects = root / "storage"
            self.storage = Service(
                self._storage_program(self.objects),
                root / "log" / "storage.log",
                scratch=scratch,
                prepare=self._create_buckets,
            )
            started.callback(self.storage.stop)
            self.storage.start()
            self._started = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._started.close()

    @property
    def storage_url(self) -> str:
        return f"http://{self.storage.address}"

    @property
    def pubsub_address(self) -> str:
        return self.pubsub.address

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which Google's clients and `gcloud storage` use this cloud.

        No credentials are needed. Set them, in addition to the process's environment, before a client is created.
        """
        return {
            "STORAGE_EMULATOR_HOST": self.storage_url,
            "PUBSUB_EMULATOR_HOST": self.pubsub_address,
            "GOOGLE_CLOUD_PROJECT": self.options.project,
            "CLOUDSDK_CORE_PROJECT": self.options.project,
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{self.storage_url}/",
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "no_proxy": ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), HOST])),
        }

    def _folder(self, started: ExitStack) -> Path:
        if self.options.state is not None:
            sweep(_PREFIX, _memory_folder())
            return self.options.state.resolve()
        return started.enter_context(owned_folder(_PREFIX, _memory_folder()))

    def _storage_program(self, root: Path) -> FakeGcsServer:
        return FakeGcsServer(
            root=root,
            project=self.options.project,
            bucket=self.options.source_bucket,
            prefix=self.options.watched_prefix,
            topic=self.options.topic,
            pubsub_address=self.pubsub_address,
        )

    def _create_messaging(self) -> None:
        Messaging(
            project=self.options.project,
            topic=self.options.topic,
            subscription=self.options.subscription,
            dead_letter_topic=self.options.dead_letter_topic,
            dead_letter_subscription=self.options.dead_letter_subscription,
            push_endpoint=self.options.push_endpoint,
        ).create(self.pubsub_address)

    def _create_buckets(self) -> None:
        options = self.options
        buckets = sorted({options.source_bucket, options.output_bucket, options.work_bucket or options.output_bucket})
        create_buckets(HOST, self.storage.port, options.project, buckets)


def _google_emulator(engine: Engine) -> GooglePubsubEmulator | None:
    """Google's emulator if `engine` asks for it; None for the embedded server. Raises `LOCAL_CLOUD` without it."""
    google = GooglePubsubEmulator.find() if engine != "embedded" else None
    if google is None and engine == "google":
        raise DropforgeError(
            Code.LOCAL_CLOUD,
            "Google's Pub/Sub emulator is not installed. Install Java and run `gcloud components install "
            "pubsub-emulator`, or use the embedded server (`--pubsub embedded`).",
        )
    return google


def _memory_folder() -> Path:
    """`/dev/shm` if it has room and supports extended attributes (object metadata), else the temporary folder."""
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _MEMORY_BYTES:
        with tempfile.NamedTemporaryFile(dir=_MEMORY) as probe:
            try:
                os.setxattr(probe.name, "user.dropforge", b"")
                return _MEMORY
            except OSError:  # tmpfs before Linux 6.6
                pass
    return Path(tempfile.gettempdir())
