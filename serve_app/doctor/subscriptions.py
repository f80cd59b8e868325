"""Checks that messages reach the application, are kept until it acknowledges them, and are dead-lettered on failure.

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
"""Whether a filter passes a message with these attributes. Raises for a filter that is not valid."""


def judge(subscription: Any, settings: Settings, passes: Passes) -> Iterator[Finding]:
    """Checks the pull or push subscription, a `google.pubsub_v1.types.Subscription`."""
    name = settings.subscription
    update = f"gcloud pubsub subscriptions update {name}"
    findings = [
        *_topic(subscription, name),
        *_delivery(subscription, settings, update),
        *_filter(subscription, settings, passes),
        *_times(subscription, update),
        *_failures(subscription, settings, update),
    ]
    yield from findings or [
        ok(SUBSCRIPTION, f"{name} is a subscription of {subscription.topic} and loses no messages.")
    ]


def judge_dead_letters(subscription: Any | None, topic: str, subscribers: list[str] | None) -> Iterator[Finding]:
    """Checks the dead-letter topic and its subscription.

    `subscription` is the one that `replay` reads, None if it does not exist. `subscribers` names all subscriptions of
    the topic; None if the topic does not exist.
    """
    short = topic.rpartition("/")[2]
    if subscribers is None:
        yield error(
            DEAD_LETTERS,
            f"Topic {topic} does not exist: shards that run out of retries are only recorded in the bucket.",
            f"gcloud pubsub topics create {short}",
        )
        return
    create = f"gcloud pubsub subscriptions create {short} --topic={short} --expiration-period=never"
    if not subscribers:
        yield error(DEAD_LETTERS, f"{topic} has no subscription: messages sent to it are lost.", create)
        return
    if subscription is None:
        yield error(
            DEAD_LETTERS,
            f"The subscription that `dropforge replay` reads does not exist; {topic} has {', '.join(subscribers)}.",
            f"set DROPFORGE_DEAD_LETTER_SUBSCRIPTION to an existing one, or: {create}",
        )
        return
    findings = []
    if subscription.topic != topic:
        findings.append(
            error(
                DEAD_LETTERS,
                f"{subscription.name} is a subscription of {subscription.topic}, not of {topic}: `dropforge replay` "
                "receives no messages.",
                create,
            )
        )
    name = subscription.name.rpartition("/")[2]
    findings += _expiry(DEAD_LETTERS, subscription, f"gcloud pubsub subscriptions update {name}")
    yield from findings or [ok(DEAD_LETTERS, f"{name} keeps the messages of {topic}.")]


def _topic(subscription: Any, name: str) -> Iterator[Finding]:
    if subscription.topic == _DELETED_TOPIC:
        yield error(
            SUBSCRIPTION,
            f"The topic of {name} was deleted: the subscription receives no more messages.",
            f"gcloud pubsub subscriptions delete {name}, then create it again on the notification's topic",
        )
    if subscription.detached:
        yield error(
            SUBSCRIPTION,
            f"{name} is detached from its topic: it receives no more messages.",
            f"gcloud pubsub subscriptions delete {name}, then create it again on the notification's topic",
        )


def _delivery(subscription: Any, settings: Settings, update: str) -> Iterator[Finding]:
    endpoint = subscription.push_config.push_endpoint
    if endpoint and settings.pull:
        yield error(
            SUBSCRIPTION,
            f"{settings.subscription} pushes to {endpoint}, but the application pulls: it receives nothing.",
            f"set DROPFORGE_PULL=false and DROPFORGE_PUSH_AUDIENCE, or: {update} --push-endpoint=''",
        )
    if not endpoint and not settings.pull:
        yield error(
            SUBSCRIPTION,
            f"{settings.subscription} has no push endpoint, but the application does not pull: it receives nothing.",
            f"set DROPFORGE_PULL=true, or: {update} --push-endpoint=https://HOST/pubsub/push",
        )
    config = subscription.push_config
    if endpoint and "no_wrapper" in config and not config.no_wrapper.write_metadata:
        yield error(
            SUBSCRIPTION,
            f"{settings.subscription} pushes unwrapped messages without their metadata: no notification tells its "
            "event, so the application refuses them all.",
            f"{update} --push-no-wrapper-write-metadata",
        )
    audience = subscription.push_config.oidc_token.audience
    if endpoint and not settings.pull and audience != settings.push_audience:
        yield error(
            SUBSCRIPTION,
            f"The tokens of {settings.subscription} have audience {audience!r}, but the application expects "
            f"{settings.push_audience!r}: it refuses them.",
            f"set DROPFORGE_PUSH_AUDIENCE={audience or 'AUDIENCE'}",
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
            f"The filter of {settings.subscription} excludes drops: {subscription.filter}",
            f"a filter can't be changed: create {settings.subscription} again without one, or with "
            f'attributes.eventType="{FINALIZE}" AND hasPrefix(attributes.objectId,"{settings.watched_prefix}")',
        )


def _times(subscription: Any, update: str) -> Iterator[Finding]:
    yield from _expiry(SUBSCRIPTION, subscription, update)
    pushed = bool(subscription.push_config.push_endpoint)
    least_s = _SHORTEST_PUSH_ACK_S if pushed else _SHORTEST_ACK_S
    if subscription.ack_deadline_seconds < least_s:
        yield warning(
            SUBSCRIPTION,
            f"Its acknowledgement deadline is {subscription.ack_deadline_seconds} s: Pub/Sub redelivers messages that "
            "are still being accepted.",
            f"{update} --ack-deadline={2 * least_s}",
        )
    kept_s = subscription.message_retention_duration.total_seconds()
    if kept_s < _SHORTEST_RETENTION_S:
        yield warning(
            SUBSCRIPTION,
            f"It retains messages for {kept_s / 60:.0f} minutes: notifications are lost in a longer outage.",
            f"{update} --message-retention-duration=7d",
        )


def _failures(subscription: Any, settings: Settings, update: str) -> Iterator[Finding]:
    policy = subscription.dead_letter_policy
    topic = PublisherClient.topic_path(settings.project, settings.dead_letter_topic)
    with_policy = f"{update} --dead-letter-topic={topic} --max-delivery-attempts=10"
    if not policy.dead_letter_topic:
        yield warning(
            SUBSCRIPTION,
            "It has no dead-letter policy: a message that can't be handled is redelivered until it expires.",
            with_policy,
        )
    elif policy.dead_letter_topic != topic:
        yield error(
            SUBSCRIPTION,
            f"Its dead-letter topic is {policy.dead_letter_topic}, but `dropforge replay` reads {topic}.",
            with_policy,
        )
    longest_s = subscription.retry_policy.maximum_backoff.total_seconds() if "retry_policy" in subscription else 0
    if policy.dead_letter_topic and longest_s < 60:
        yield warning(
            SUBSCRIPTION,
            f"It redelivers messages immediately, up to {policy.max_delivery_attempts} times: a short outage "
            "dead-letters them all.",
            f"{update} --min-retry-delay=10s --max-retry-delay=600s",
        )


def _expiry(check: str, subscription: Any, update: str) -> Iterator[Finding]:
    # Without an expiration policy Pub/Sub uses 31 days; with a policy without a TTL, a subscription never expires.
    if "expiration_policy" in subscription and not subscription.expiration_policy.ttl:
        return
    days = subscription.expiration_policy.ttl.total_seconds() / 86400 if "expiration_policy" in subscription else 31
    yield error(
        check,
        f"{subscription.name} expires, and is deleted with its messages, after {days:.0f} days without a pull.",
        f"{update} --expiration-period=never",
    )
