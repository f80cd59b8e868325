"""The protobuf messages of google.pubsub.v1, from google-cloud-pubsub.

These are the raw protobuf classes, because their proto-plus wrappers cost several times more per message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types

if TYPE_CHECKING:  # the raw classes are made at import time, which a type checker can't follow

    class PubsubMessage(Any): ...

    class PullResponse(Any): ...

    class ReceivedMessage(Any): ...

    class StreamingPullRequest(Any): ...

    class StreamingPullResponse(Any): ...

    class Subscription(Any): ...

    class Topic(Any): ...

else:
    PubsubMessage = types.PubsubMessage.pb()
    PullResponse = types.PullResponse.pb()
    ReceivedMessage = types.ReceivedMessage.pb()
    StreamingPullRequest = types.StreamingPullRequest.pb()
    StreamingPullResponse = types.StreamingPullResponse.pb()
    Subscription = types.Subscription.pb()
    Topic = types.Topic.pb()

AcknowledgeRequest = types.AcknowledgeRequest.pb()
DeleteSubscriptionRequest = types.DeleteSubscriptionRequest.pb()
DeleteTopicRequest = types.DeleteTopicRequest.pb()
GetSubscriptionRequest = types.GetSubscriptionRequest.pb()
GetTopicRequest = types.GetTopicRequest.pb()
ListSubscriptionsRequest = types.ListSubscriptionsRequest.pb()
ListSubscriptionsResponse = types.ListSubscriptionsResponse.pb()
ListTopicSubscriptionsRequest = types.ListTopicSubscriptionsRequest.pb()
ListTopicSubscriptionsResponse = types.ListTopicSubscriptionsResponse.pb()
ListTopicsRequest = types.ListTopicsRequest.pb()
ListTopicsResponse = types.ListTopicsResponse.pb()
ModifyAckDeadlineRequest = types.ModifyAckDeadlineRequest.pb()
ModifyPushConfigRequest = types.ModifyPushConfigRequest.pb()
PublishRequest = types.PublishRequest.pb()
PublishResponse = types.PublishResponse.pb()
PullRequest = types.PullRequest.pb()
UpdateSubscriptionRequest = types.UpdateSubscriptionRequest.pb()
UpdateTopicRequest = types.UpdateTopicRequest.pb()

__all__ = [
    "AcknowledgeRequest",
    "DeleteSubscriptionRequest",
    "DeleteTopicRequest",
    "Empty",
    "GetSubscriptionRequest",
    "GetTopicRequest",
    "ListSubscriptionsRequest",
    "ListSubscriptionsResponse",
    "ListTopicSubscriptionsRequest",
    "ListTopicSubscriptionsResponse",
    "ListTopicsRequest",
    "ListTopicsResponse",
    "ModifyAckDeadlineRequest",
    "ModifyPushConfigRequest",
    "PublishRequest",
    "PublishResponse",
    "PubsubMessage",
    "PullRequest",
    "PullResponse",
    "ReceivedMessage",
    "StreamingPullRequest",
    "StreamingPullResponse",
    "Subscription",
    "Topic",
    "UpdateSubscriptionRequest",
    "UpdateTopicRequest",
]
