"""Runs all checks, one after the other, through the same Google clients as the application."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud import pubsub_v1

from actors.errors import Code, DropforgeError
from actors.storage.bucket import connect
from serve_app.config.settings import Settings

from . import notifications, permissions, subscriptions
from .finding import Finding, error, unknown
from .machine import judge_clock, judge_versions

_CALL_S = 10.0
_CALL: Mapping[str, Any] = {"timeout": _CALL_S, "retry": None}
_UNREACHABLE = (requests.RequestException, auth.TransportError, api.ServiceUnavailable, api.RetryError, TimeoutError)

Look = Callable[[], Iterator[Finding]]


class Examination:
    """Checks one project without changing it.

    `passes` evaluates a subscription's filter; `now` returns the current time.

    Raises:
        STORAGE_UNAVAILABLE: Google's APIs can't be reached.
        UNAUTHENTICATED: there are no credentials, or Google refuses them.
    """

    def __init__(
        self,
        settings: Settings,
        passes: subscriptions.Passes,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._passes = passes
        self._now = now
        with _reached("Google Cloud"):
            self._storage = connect(settings.project)
            self._subscriber = pubsub_v1.SubscriberClient()
            self._publisher = pubsub_v1.PublisherClient()
        self._subscription_path = self._subscriber.subscription_path(settings.project, settings.subscription)
        self._dead_letter_topic = self._publisher.topic_path(settings.project, settings.dead_letter_topic)
        self._topic: str | None = None

    def findings(self) -> Iterator[Finding]:
        """The findings, ordered so that earlier ones explain later ones. Raises as the class does."""
        yield from judge_versions()
        looks: Mapping[str, Look] = {
            "clock": self._clock,
            subscriptions.SUBSCRIPTION: self._subscription,
            subscriptions.DEAD_LETTERS: self._dead_letters,
            notifications.CHECK: self._notifications,
            "output": self._output,
            permissions.CHECK: self._permissions,
            "service agents": self._agents,
        }
        for check, look in looks.items():
            with _reached(check):
                yield from look()

    def _clock(self) -> Iterator[Finding]:
        answer = requests.get(self._storage._connection.API_BASE_URL, timeout=_CALL_S, allow_redirects=False)
        yield judge_clock(answer.headers.get("Date"), self._now(), self._settings)

    def _subscription(self) -> Iterator[Finding]:
        settings = self._settings
        path = self._subscription_path
        try:
            found = self._subscriber.get_subscription(request={"subscription": path}, **_CALL)
        except api.NotFound:
            yield error(
                subscriptions.SUBSCRIPTION,
                f"Subscription {path} does not exist: the application receives no notifications.",
                f"gcloud pubsub subscriptions create {settings.subscription} --topic=TOPIC --expiration-period=never, "
                "or name another one with DROPFORGE_SUBSCRIPTION and DROPFORGE_PROJECT",
            )
        except _UNSEEN as failure:
            yield _unseen(subscriptions.SUBSCRIPTION, path, failure)
        else:
            self._topic = found.topic
            yield from subscriptions.judge(found, settings, self._passes)

    def _dead_letters(self) -> Iterator[Finding]:
        settings = self._settings
        topic = self._dead_letter_topic
        path = self._subscriber.subscription_path(settings.project, settings.dead_letter_subscription)
        subscribers: list[str] | None = None
        found = None
        try:
            subscribers = list(self._publisher.list_topic_subscriptions(request={"topic": topic}, **_CALL))
            found = self._subscriber.get_subscription(request={"subscription": path}, **_CALL)
        except api.NotFound:
            pass  # judge_dead_letters reports what does not exist
        except _UNSEEN as failure:
            yield _unseen(subscriptions.DEAD_LETTERS, f"{topic} and {path}", failure)
            return
        yield from subscriptions.judge_dead_letters(found, topic, subscribers)

    def _notifications(self) -> Iterator[Finding]:
        bucket = self._storage.bucket(self._settings.source_bucket)
        try:
            found = notifications.read_notifications(bucket, timeout_s=_CALL_S)
        except (*_UNSEEN, api.NotFound) as failure:
            yield _unseen(notifications.CHECK, f"gs://{bucket.name}", failure)
        else:
            yield from notifications.judge(found, self._settings, self._topic)

    def _output(self) -> Iterator[Finding]:
        if self._settings.output_bucket == self._settings.source_bucket:
            return  # the settings refuse prefixes that overlap
        bucket = self._storage.bucket(self._settings.output_bucket)
        try:
            found = notifications.read_notifications(bucket, timeout_s=_CALL_S)
        except (*_UNSEEN, api.NotFound) as failure:
            yield _unseen("output", f"gs://{bucket.name}", failure)
        else:
            yield from notifications.judge_output(found, self._settings, self._topic)

    def _permissions(self) -> Iterator[Finding]:
        for need in permissions.needs(self._settings):
            try:
                held = self._held(need)
            except (*_UNSEEN, api.NotFound) as failure:
                yield _unseen(permissions.CHECK, need.resource, failure)
            else:
                yield permissions.judge(need, held)

    def _held(self, need: permissions.Need) -> Sequence[str]:
        if need.resource.startswith("gs://"):
            bucket = self._storage.bucket(need.resource.removeprefix("gs://"))
            held: Sequence[str] = bucket.test_iam_permissions(need.permissions, **_CALL)
            return held
        request = {"resource": need.resource, "permissions": need.permissions}
        return list(self._client_of(need.resource).test_iam_permissions(request=request, **_CALL).permissions)

    def _client_of(self, resource: str) -> pubsub_v1.SubscriberClient | pubsub_v1.PublisherClient:
        return self._subscriber if "/subscriptions/" in resource else self._publisher

    def _agents(self) -> Iterator[Finding]:
        """Checks the roles of the service agents as which Cloud Storage publishes and Pub/Sub dead-letters."""
        settings = self._settings
        letters, subscription = self._dead_letter_topic, self._subscription_path
        topic_grant, subscription_grant = (f"gcloud pubsub {kind} add-iam-policy-binding" for kind in _KINDS)
        try:
            storage_agent = self._storage.get_service_account_email(settings.project, timeout=_CALL_S, retry=None)
            number = self._storage.get_bucket(settings.source_bucket, **_CALL).project_number
        except (*_UNSEEN, api.NotFound) as failure:
            yield _unseen(permissions.CHECK, f"the service agents of {settings.project}", failure)
            return
        pubsub_agent = f"serviceAccount:service-{number}@gcp-sa-pubsub.iam.gserviceaccount.com"
        publisher, subscriber = "roles/pubsub.publisher", "roles/pubsub.subscriber"
        if self._topic is not None:
            yield permissions.agent(
                self._topic, self._policy(self._topic), f"serviceAccount:{storage_agent}", publisher,
                f"{topic_grant} {self._topic}", "Cloud Storage can't publish notifications",
            )  # fmt: skip
        yield permissions.agent(
            letters, self._policy(letters), pubsub_agent, publisher,
            f"{topic_grant} {letters}", "Pub/Sub can't dead-letter messages",
        )  # fmt: skip
        yield permissions.agent(
            subscription, self._policy(subscription), pubsub_agent, subscriber,
            f"{subscription_grant} {subscription}", "Pub/Sub redelivers messages that it has dead-lettered",
        )  # fmt: skip

    def _policy(self, resource: str) -> Mapping[str, Sequence[str]] | None:
        try:
            policy = self._client_of(resource).get_iam_policy(request={"resource": resource}, **_CALL)
        except (*_UNSEEN, api.NotFound):
            return None
        return {binding.role: list(binding.members) for binding in policy.bindings}


_KINDS = ("topics", "subscriptions")
_UNSEEN = (api.Forbidden, api.Unauthorized, api.MethodNotImplemented, api.BadRequest, api.MethodNotAllowed)
"""The caller has no permission for the call, or an emulator does not support it."""


def _unseen(check: str, what: str, failure: Exception) -> Finding:
    said = str(failure).splitlines()[0][:200]
    return unknown(
        check,
        f"{what} could not be checked ({type(failure).__name__}: {said}).",
        "log in with an account that has the permission, or ask someone who has it",
    )


@contextmanager
def _reached(what: str) -> Iterator[None]:
    try:
        yield
    except auth.DefaultCredentialsError as failure:
        raise DropforgeError(Code.UNAUTHENTICATED, "Found no Google credentials.") from failure
    except auth.RefreshError as failure:
        raise DropforgeError(Code.UNAUTHENTICATED, f"Google refused the credentials: {failure}") from failure
    except _UNREACHABLE as failure:
        raise DropforgeError(
            Code.STORAGE_UNAVAILABLE, f"{what}: Google Cloud does not answer ({type(failure).__name__})."
        ) from failure
