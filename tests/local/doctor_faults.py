"""What may be wrong with a project: how each fault comes about, and what the doctor has to say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.duration_pb2 import Duration

from infra.local.port import HOST
from serve_app.doctor.finding import Level

from .doctor_project import Project


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
        "start no run",
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
        "it has 1 for other topics",
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
        lambda p: p.unsubscribe(p.settings.subscription), "subscription", Level.ERROR, "does not exist", "create"
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
        "excludes drops",
        "create doctor-",
    ),
    "filter of another event": Fault(
        lambda p: p.resubscribe(filter='attributes.eventType="OBJECT_DELETE"'),
        "subscription",
        Level.ERROR,
        "excludes drops",
        "create doctor-",
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
        lambda p: p.resubscribe(retry_policy=None),
        "subscription",
        Level.WARNING,
        "redelivers messages immediately",
        "--max-retry-delay",
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
        "but `dropforge replay` reads",
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
        "create it again",
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
        "does not exist",
        "DROPFORGE_DEAD_LETTER_SUBSCRIPTION",
    ),
    "dead letters' subscription of another topic": Fault(
        lambda p: p.replace_letters_subscription(other_topic(p), known=True),
        "dead letters",
        Level.ERROR,
        "`dropforge replay` receives no messages",
        "--topic",
    ),
    "expiring dead letters": Fault(
        lambda p: p.resubscribe_letters(expiration_policy=None), "dead letters", Level.ERROR, "31 days", "=never"
    ),
    "no dead-letter topic": Fault(
        lambda p: p.bus.publisher.delete_topic(request={"topic": p.letters}),
        "dead letters",
        Level.ERROR,
        "does not exist",
        "topics create",
    ),
    "may not write": Fault(
        lambda p: p.fake.denied.add("storage.objects.create"),
        "permissions",
        Level.ERROR,
        "the caller lacks storage.objects.create",
        "roles/storage.objectUser",
    ),
    "may not read": Fault(
        lambda p: p.fake.denied.add("storage.objects.get"),
        "permissions",
        Level.ERROR,
        "the caller lacks storage.objects.get",
        "roles/storage.objectViewer",
    ),
    "may not pull": Fault(
        lambda p: p.fake.denied.add("pubsub.subscriptions.consume"),
        "permissions",
        Level.ERROR,
        "the caller lacks pubsub.subscriptions.consume",
        "roles/pubsub.subscriber",
    ),
    "may not publish": Fault(
        lambda p: p.fake.denied.add("pubsub.topics.publish"),
        "permissions",
        Level.ERROR,
        "the caller lacks pubsub.topics.publish",
        "roles/pubsub.publisher",
    ),
    "may not look": Fault(
        lambda p: p.fake.denied.add("pubsub.topics.get"),
        "permissions",
        Level.ERROR,
        "the caller lacks pubsub.topics.get",
        "roles/pubsub.viewer",
    ),
    "Cloud Storage may not publish": Fault(
        lambda p: p.fake.ungranted.add("roles/pubsub.publisher"),
        "permissions",
        Level.ERROR,
        "can't publish notifications",
        "gs-project-accounts",
    ),
    "Pub/Sub may not dead-letter": Fault(
        lambda p: p.fake.ungranted.add("roles/pubsub.subscriber"),
        "permissions",
        Level.ERROR,
        "redelivers messages that it has dead-lettered",
        "gcp-sa-pubsub",
    ),
    "clock a little off": Fault(
        lambda p: setattr(p.fake, "skew_s", 5.0), "clock", Level.WARNING, "behind Cloud Storage's", "chrony"
    ),
    "clock far off": Fault(
        lambda p: setattr(p.fake, "skew_s", -60.0), "clock", Level.ERROR, "ahead of Cloud Storage's", "chrony"
    ),
}
