"""The push endpoint's envelope.

Its form is Pub/Sub's wrapped push message ("Receive push messages", Pub/Sub documentation).
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class PushedMessage(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    attributes: Mapping[str, str] = Field(default_factory=dict)
    message_id: str = Field("", alias="messageId")


class PushEnvelope(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    message: PushedMessage
    subscription: str = ""
