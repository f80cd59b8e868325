"""Checks that the watched bucket publishes one notification for each drop, and that the output bucket publishes none.

Rules: "Pub/Sub notifications for Cloud Storage", Cloud Storage documentation. Two notification configurations whose
prefixes overlap send two messages for one object.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from google.cloud import storage

from serve_app.config.settings import Settings
from serve_app.pubsub.gcs_event import FINALIZE

from .finding import Finding, error, ok, warning

CHECK = "notification"


@dataclass(frozen=True, slots=True)
class Notification:
    """A bucket's notification configuration. `topic` is a full resource name; empty `events` mean every event."""

    id: str
    topic: str
    events: tuple[str, ...]
    prefix: str

    @property
    def finalizes(self) -> bool:
        return not self.events or FINALIZE in self.events

    def overlaps(self, prefix: str) -> bool:
        return self.prefix.startswith(prefix) or prefix.startswith(self.prefix)


def read_notifications(bucket: storage.Bucket, *, timeout_s: float) -> list[Notification]:
    """The bucket's notification configurations. Raises what Google's client raises."""
    return [
        Notification(
            id=str(each.notification_id),
            topic=f"projects/{each.topic_project}/topics/{each.topic_name}",
            events=tuple(each.event_types or ()),
            prefix=each.blob_name_prefix or "",
        )
        for each in bucket.list_notifications(timeout=timeout_s, retry=None)
    ]


def judge(found: Sequence[Notification], settings: Settings, topic: str | None) -> Iterator[Finding]:
    """Checks the configurations of the source bucket. `topic` is that of the subscription, None if it is unknown."""
    bucket, watched = settings.source_bucket, settings.watched_prefix
    create = (
        f"gcloud storage buckets notifications create gs://{bucket} --topic={topic or 'TOPIC'} "
        f"--event-types={FINALIZE} --object-prefix={watched} --payload-format=none"
    )
    telling = [each for each in found if each.finalizes and each.overlaps(watched)]
    reaching = [each for each in telling if topic is None or each.topic == topic]
    if not reaching:
        others = f"; it has {len(found)} for other topics, events or prefixes" if found else ""
        yield error(
            CHECK,
            f"No notification of gs://{bucket} announces objects below {watched!r} on the subscription's topic"
            f"{others}.",
            create,
        )
        return
    if len(reaching) > 1:
        ids = [each.id for each in reaching]
        yield warning(
            CHECK,
            f"{len(reaching)} notifications of gs://{bucket} announce the same objects: each drop sends "
            f"{len(reaching)} messages.",
            f"gcloud storage buckets notifications delete projects/_/buckets/{bucket}/notificationConfigs/{ids[-1]}",
        )
    for each in reaching:
        if not watched.startswith(each.prefix):
            yield error(
                CHECK,
                f"Notification {each.id} announces only objects below {each.prefix!r}: other drops below {watched!r} "
                "start no run.",
                create,
            )
        elif each.prefix != watched:
            yield warning(
                CHECK,
                f"Notification {each.id} announces objects of {each.prefix or 'the whole bucket'}, not only those "
                f"below {watched!r}: the application receives messages that it ignores.",
                create,
            )
        if set(each.events) != {FINALIZE}:
            yield warning(
                CHECK,
                f"Notification {each.id} is for {', '.join(each.events) or 'every event'}, only {FINALIZE} is used.",
                create,
            )
    if reaching == [Notification(reaching[0].id, reaching[0].topic, (FINALIZE,), watched)]:
        yield ok(CHECK, f"gs://{bucket} announces each new object below {watched!r} once to {reaching[0].topic}.")


def judge_output(found: Sequence[Notification], settings: Settings, topic: str | None) -> Iterator[Finding]:
    """Checks the configurations of the output bucket, which is not the source bucket."""
    looping = [each for each in found if each.finalizes and topic is not None and each.topic == topic]
    if looping:
        yield warning(
            "output",
            f"Notification {looping[0].id} of gs://{settings.output_bucket} announces every output on the topic of the "
            "drops.",
            "gcloud storage buckets notifications delete "
            f"projects/_/buckets/{settings.output_bucket}/notificationConfigs/{looping[0].id}",
        )
    else:
        yield ok("output", f"Objects written to gs://{settings.output_bucket} are not announced as drops.")
