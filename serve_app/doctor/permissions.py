"""Checks that the caller has the permissions that the application needs, and that Google's service agents have theirs.

Names: "IAM permissions for Cloud Storage", Cloud Storage documentation; "Access control with IAM", Pub/Sub
documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from serve_app.config.settings import Settings

from .finding import Finding, error, ok, unknown

CHECK = "permissions"

_READ = ("storage.objects.get", "storage.objects.list")
_WRITE = (*_READ, "storage.objects.create", "storage.objects.delete")
_CONSUME = ("pubsub.subscriptions.consume", "pubsub.subscriptions.get")
_PUBLISH = ("pubsub.topics.publish", "pubsub.topics.get")


@dataclass(frozen=True, slots=True)
class Need:
    """Permissions on a resource. `role` is the narrowest predefined role with them; `grant` the command to grant it."""

    resource: str
    permissions: tuple[str, ...]
    role: str
    grant: str


def needs(settings: Settings) -> list[Need]:
    """What the ingress and the stages need. Image fetchers, which may run as another account, need less."""

    def bucket(name: str, permissions: tuple[str, ...], role: str) -> Need:
        return Need(f"gs://{name}", permissions, role, f"gcloud storage buckets add-iam-policy-binding gs://{name}")

    def pubsub(kind: str, name: str, permissions: tuple[str, ...], role: str) -> Need:
        resource = f"projects/{settings.project}/{kind}/{name}"
        return Need(resource, permissions, role, f"gcloud pubsub {kind} add-iam-policy-binding {name}")

    found = [
        bucket(settings.source_bucket, _READ, "roles/storage.objectViewer"),
        bucket(settings.output_bucket, _WRITE, "roles/storage.objectUser"),
        pubsub("subscriptions", settings.dead_letter_subscription, _CONSUME, "roles/pubsub.subscriber"),
        pubsub("topics", settings.dead_letter_topic, _PUBLISH, "roles/pubsub.publisher"),
    ]
    if settings.work_bucket and settings.work_bucket != settings.output_bucket:
        found.append(bucket(settings.work_bucket, _WRITE, "roles/storage.objectUser"))
    if settings.pull:
        found.append(pubsub("subscriptions", settings.subscription, _CONSUME, "roles/pubsub.subscriber"))
    return found


def judge(wanted: Need, held: Iterable[str]) -> Finding:
    """Checks one need. `held` holds those of its permissions that the caller has."""
    missing = sorted(set(wanted.permissions) - set(held))
    if not missing:
        return ok(CHECK, f"{wanted.resource}: the caller has all permissions that are needed.")
    # `get` is in the viewer's role only, not in the subscriber's or publisher's.
    role = "roles/pubsub.viewer" if all(name.endswith(".get") and "pubsub" in name for name in missing) else wanted.role
    return error(
        CHECK,
        f"{wanted.resource}: the caller lacks {', '.join(missing)}.",
        f"{wanted.grant} --member=MEMBER --role={role}",
    )


def agent(
    what: str, policy: Mapping[str, Sequence[str]] | None, member: str, role: str, grant: str, consequence: str
) -> Finding:
    """Checks that a service agent has its role on resource `what`.

    `policy` holds members by role, or is None when the caller may not read it. `consequence` says what fails without
    the role.
    """
    fix = f"{grant} --member={member} --role={role}"
    if policy is None:
        return unknown(CHECK, f"{what}: could not check whether {member} has {role}.", f"if it does not have it: {fix}")
    if member in policy.get(role, ()):
        return ok(CHECK, f"{what}: {member} has {role}.")
    return error(CHECK, f"{what}: {member} does not have {role}, so {consequence}.", fix)
