"""Whether the watched bucket tells of its drops, once each, and nothing else does.

Rules: "Pub/Sub notifications for Cloud Storage", Cloud Storage documentation. Two configurations whose prefixes
overlap send two messages for one object.
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
    """A bucket's notification configuration. `topic` is a full name; no `events` mean every event."""

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
    """Raises what the client does."""
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
    """`found` are those of the source bucket, `topic` is what the subscription is of, None where that is not known."""
    bucket, watched = settings.source_bucket, settings.watched_prefix
    create = (
        f"gcloud storage buckets notifications create gs://{bucket} --topic={topic or 'TOPIC'} "
        f"--event-types={FINALIZE} --object-prefix={watched} --payload-format=none"
    )
    telling = [each for each in found if each.finalizes and each.overlaps(watched)]
    reaching = [each for each in telling if topic is None or each.topic == topic]
    if not reaching:
        others = f"; the {len(found)} there are lead elsewhere or tell of something else" if found else ""
        yield error(CHECK, f"No notification of gs://{bucket} tells of objects below {watched!r}{others}.", create)
        return
    if len(reaching) > 1:
        ids = [each.id for each in reaching]
        yield warning(
            CHECK,
            f"{len(reaching)} notifications of gs://{bucket} tell of the same objects: a drop sends as many messages.",
            f"gcloud storage buckets notifications delete projects/_/buckets/{bucket}/notificationConfigs/{ids[-1]}",
        )
    for each in reaching:
        if not watched.startswith(each.prefix):
            yield error(
                CHECK,
                f"Notification {each.id} tells of {each.prefix!r} alone: other drops below {watched!r} go unnoticed.",
                create,
            )
        elif each.prefix != watched:
            yield warning(
                CHECK,
                f"Notification {each.id} tells of {each.prefix or 'the whole bucket'}, not of {watched!r} alone: the "
                "application is told of objects that it ignores.",
                create,
            )
        if set(each.events) != {FINALIZE}:
            yield warning(
                CHECK,
                f"Notification {each.id} tells of {', '.join(each.events) or 'every event'}; only {FINALIZE} is used.",
                create,
            )
    if reaching == [Notification(reaching[0].id, reaching[0].topic, (FINALIZE,), watched)]:
        yield ok(CHECK, f"gs://{bucket} tells {reaching[0].topic} of what is finalized below {watched!r}, once.")


def judge_output(found: Sequence[Notification], settings: Settings, topic: str | None) -> Iterator[Finding]:
    """`found` are those of the output bucket, where that is not the source bucket."""
    looping = [each for each in found if each.finalizes and topic is not None and each.topic == topic]
    if looping:
        yield warning(
            "output",
            f"Notification {looping[0].id} of gs://{settings.output_bucket} tells the drops' topic of every output.",
            "gcloud storage buckets notifications delete "
            f"projects/_/buckets/{settings.output_bucket}/notificationConfigs/{looping[0].id}",
        )
    else:
        yield ok("output", f"What is written to gs://{settings.output_bucket} is no drop.")
