"""Checks the configuration of topics and subscriptions as Pub/Sub does."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from google.api_core.exceptions import InvalidArgument, MethodNotImplemented
from google.protobuf.field_mask_pb2 import FieldMask

from . import wire
from .dead_letter import DeadLetterPolicy
from .filter import compile_filter
from .resource_name import ResourceName
from .retry_policy import RetryPolicy

_UNSUPPORTED_TOPIC = ("schema_settings", "ingestion_data_source_settings", "message_transforms")
_UNSUPPORTED_SUBSCRIPTION = (
    "bigquery_config",
    "cloud_storage_config",
    "bigtable_config",
    "enable_message_ordering",
    "enable_exactly_once_delivery",
    "message_transforms",
    "retain_acked_messages",
)
_UNSUPPORTED_PUSH = ("oidc_token",)
_FIXED = frozenset({"name", "topic", "filter"})
_WEEK_S = 7 * 24 * 3600


def checked_topic(config: wire.Topic) -> wire.Topic:
    """The configuration, checked.

    Raises `InvalidArgument` for a name that is not valid, and `MethodNotImplemented` for an unsupported feature.
    """
    ResourceName.parse(config.name, "topics")
    _refuse(config, _UNSUPPORTED_TOPIC)
    return config


def checked_subscription(config: wire.Subscription) -> wire.Subscription:
    """A copy of the configuration with Pub/Sub's defaults filled in.

    Raises `InvalidArgument` for values that Pub/Sub refuses, and `MethodNotImplemented` for an unsupported feature.
    """
    ResourceName.parse(config.name, "subscriptions")
    _refuse(config, _UNSUPPORTED_SUBSCRIPTION)
    _refuse(config.push_config, _UNSUPPORTED_PUSH)
    checked = wire.Subscription()
    checked.CopyFrom(config)
    checked.ack_deadline_seconds = config.ack_deadline_seconds or 10
    if not 10 <= checked.ack_deadline_seconds <= 600:
        raise InvalidArgument(f"Invalid ack deadline {checked.ack_deadline_seconds} s: expected 10 to 600.")
    if not config.HasField("message_retention_duration"):
        checked.message_retention_duration.FromSeconds(_WEEK_S)
    endpoint = urlsplit(config.push_config.push_endpoint)
    if config.push_config.push_endpoint and (endpoint.scheme not in ("http", "https") or not endpoint.hostname):
        raise InvalidArgument(f"Invalid push endpoint {config.push_config.push_endpoint!r}: expected http(s)://HOST/…")
    compile_filter(config.filter)
    RetryPolicy.of(config)
    policy = DeadLetterPolicy.of(config)
    if policy is not None:
        checked.dead_letter_policy.max_delivery_attempts = policy.max_attempts
    checked.state = checked.State.ACTIVE
    return checked


def updated(config: Any, changes: Any, mask: FieldMask) -> Any:
    """A copy of `config` with the fields in `mask` replaced by those of `changes`.

    Raises `InvalidArgument` for a mask that is empty, or that names an unknown or a fixed field.
    """
    if not mask.paths or not mask.IsValidForDescriptor(config.DESCRIPTOR):
        raise InvalidArgument(f"Invalid update mask {list(mask.paths)}: name fields of {config.DESCRIPTOR.name}.")
    if fixed := _FIXED.intersection(path.partition(".")[0] for path in mask.paths):
        raise InvalidArgument(f"{', '.join(sorted(fixed))} can't be changed: delete the resource and create it again.")
    result = type(config)()
    result.CopyFrom(config)
    mask.MergeMessage(changes, result, replace_message_field=True, replace_repeated_field=True)
    return result


def _refuse(config: Any, unsupported: tuple[str, ...]) -> None:
    given = {field.name for field, _ in config.ListFields()}
    if named := sorted(given.intersection(unsupported)):
        raise MethodNotImplemented(f"The local Pub/Sub does not support {', '.join(named)}; see infra/local/README.md.")
