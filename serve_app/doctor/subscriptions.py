"""Whether messages reach the application, stay until it has them, and are not lost when they can't be handled.

Rules: "Subscription properties" and "Handle message failures", Pub/Sub documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.cloud.pubsub_v1 import PublisherClient

from serve_app.config.settings import Settings
from serve_app.pubsub.gcs_event import FINALIZE

from .finding import Finding, error, ok, warning

SUBSCRIPTION = "subscription"
DEAD_LETTERS = "dead letters"

_SHORTEST_ACK_S = 30
_SHORTEST_PUSH_ACK_S = 60
_SHORTEST_RETENTION_S = 24 * 3600
_DELETED_TOPIC = "_deleted-topic_"

Passes = Callable[[str, Mapping[str, str]], bool]
"""Whether a filter lets a message with these attributes through. Raises where it can't be read."""


def judge(subscription: Any, settings: Settings, passes: Passes) -> Iterator[Finding]:
    """`subscription` is the pull or push subscription, as `google.pubsub_v1.types.Subscription`."""
    name = settings.subscription
    update = f"gcloud pubsub subscriptions update {name}"
    findings = [
        *_topic(subscription, name),
        *_delivery(subscription, settings, update),
        *_filter(subscription, settings, passes),
        *_times(subscription, update),
        *_failures(subscription, settings, update),
    ]
    yield from findings or [ok(SUBSCRIPTION, f"{name} is of {subscription.topic} and keeps what it gets.")]


def judge_dead_letters(subscription: Any | None, topic: str, subscribers: list[str] | None) -> Iterator[Finding]:
    """`subscription` is what `replay` reads, `subscribers` are all of the dead-letter topic's; None: not there."""
    short = topic.rpartition("/")[2]
    if subscribers is None:
        yield error(
            DEAD_LETTERS,
            f"There is no topic {topic}: a shard that runs out of retries is known from the bucket alone.",
            f"gcloud pubsub topics create {short}",
        )
        return
    create = f"gcloud pubsub subscriptions create {short} --topic={short} --expiration-period=never"
    if not subscribers:
        yield error(DEAD_LETTERS, f"{topic} has no subscription: what is sent to it is lost.", create)
        return
    if subscription is None:
        yield error(
            DEAD_LETTERS,
            f"The subscription that `dropforge replay` reads is not there; {topic} has {', '.join(subscribers)}.",
            f"set DROPFORGE_DEAD_LETTER_SUBSCRIPTION to that one, or: {create}",
        )
        return
    findings = []
    if subscription.topic != topic:
        findings.append(
            error(
                DEAD_LETTERS,
                f"{subscription.name} is of {subscription.topic}, not of {topic}: `dropforge replay` sees none.",
                create,
            )
        )
    name = subscription.name.rpartition("/")[2]
    findings += _expiry(DEAD_LETTERS, subscription, f"gcloud pubsub subscriptions update {name}")
    yield from findings or [ok(DEAD_LETTERS, f"{name} keeps what {topic} gets.")]


def _topic(subscription: Any, name: str) -> Iterator[Finding]:
    if subscription.topic == _DELETED_TOPIC:
        yield error(
            SUBSCRIPTION,
            f"The topic of {name} was deleted: it gets nothing any more.",
            f"gcloud pubsub subscriptions delete {name}, then create it anew on the notification's topic",
        )
    if subscription.detached:
        yield error(SUBSCRIPTION, f"{name} is detached from its topic.", f"delete {name} and create it anew")


def _delivery(subscription: Any, settings: Settings, update: str) -> Iterator[Finding]:
    endpoint = subscription.push_config.push_endpoint
    if endpoint and settings.pull:
        yield error(
            SUBSCRIPTION,
            f"{settings.subscription} pushes to {endpoint}, but the application pulls: it gets nothing.",
            f"DROPFORGE_PULL=false with DROPFORGE_PUSH_AUDIENCE, or: {update} --push-endpoint=''",
        )
    if not endpoint and not settings.pull:
        yield error(
            SUBSCRIPTION,
            f"{settings.subscription} has no push endpoint, but the application does not pull: it gets nothing.",
            f"DROPFORGE_PULL=true, or: {update} --push-endpoint=https://HOST/pubsub/push",
        )
    audience = subscription.push_config.oidc_token.audience
    if endpoint and not settings.pull and audience != settings.push_audience:
        yield error(
            SUBSCRIPTION,
            f"{settings.subscription} signs for {audience!r}, the application wants {settings.push_audience!r}.",
            f"DROPFORGE_PUSH_AUDIENCE={audience or 'AUDIENCE'}",
        )


def _filter(subscription: Any, settings: Settings, passes: Passes) -> Iterator[Finding]:
    if not subscription.filter:
        return
    drop = {
        "eventType": FINALIZE,
        "bucketId": settings.source_bucket,
        "objectId": f"{settings.watched_prefix}{settings.object_patterns[0].replace('*', 'catalogue')}",
        "objectGeneration": "1",
        "payloadFormat": "NONE",
    }
    if not passes(subscription.filter, drop):
        yield error(
            SUBSCRIPTION,
            f"The filter of {settings.subscription} keeps drops away: {subscription.filter}",
            f"a filter can't be changed: create {settings.subscription} anew without one, or with "
            f'attributes.eventType="{FINALIZE}" AND hasPrefix(attributes.objectId,"{settings.watched_prefix}")',
        )


def _times(subscription: Any, update: str) -> Iterator[Finding]:
    yield from _expiry(SUBSCRIPTION, subscription, update)
    pushed = bool(subscription.push_config.push_endpoint)
    least_s = _SHORTEST_PUSH_ACK_S if pushed else _SHORTEST_ACK_S
    if subscription.ack_deadline_seconds < least_s:
        yield warning(
            SUBSCRIPTION,
            f"Its ack deadline is {subscription.ack_deadline_seconds} s: a message comes again while it is accepted.",
            f"{update} --ack-deadline={2 * least_s}",
        )
    kept_s = subscription.message_retention_duration.total_seconds()
    if kept_s < _SHORTEST_RETENTION_S:
        yield warning(
            SUBSCRIPTION,
            f"It keeps messages for {kept_s / 60:.0f} minutes: drops of a longer outage go unnoticed.",
            f"{update} --message-retention-duration=7d",
        )


def _failures(subscription: Any, settings: Settings, update: str) -> Iterator[Finding]:
    policy = subscription.dead_letter_policy
    topic = PublisherClient.topic_path(settings.project, settings.dead_letter_topic)
    with_policy = f"{update} --dead-letter-topic={topic} --max-delivery-attempts=10"
    if not policy.dead_letter_topic:
        yield warning(
            SUBSCRIPTION,
            "It has no dead-letter policy: a message that can't be handled comes again until it expires.",
            with_policy,
        )
    elif policy.dead_letter_topic != topic:
        yield error(
            SUBSCRIPTION,
            f"It dead-letters to {policy.dead_letter_topic}, but `dropforge replay` looks at {topic}.",
            with_policy,
        )
    longest_s = subscription.retry_policy.maximum_backoff.total_seconds() if "retry_policy" in subscription else 0
    if policy.dead_letter_topic and longest_s < 60:
        yield warning(
            SUBSCRIPTION,
            f"Messages come again at once, {policy.max_delivery_attempts} times: a short outage dead-letters them all.",
            f"{update} --min-retry-delay=10s --max-retry-delay=600s",
        )


def _expiry(check: str, subscription: Any, update: str) -> Iterator[Finding]:
    # Without a policy the service takes 31 days; one without a time to live never expires.
    if "expiration_policy" in subscription and not subscription.expiration_policy.ttl:
        return
    days = subscription.expiration_policy.ttl.total_seconds() / 86400 if "expiration_policy" in subscription else 31
    yield error(
        check,
        f"{subscription.name} deletes itself, messages and all, after {days:.0f} days that nobody has pulled it.",
        f"{update} --expiration-period=never",
    )
