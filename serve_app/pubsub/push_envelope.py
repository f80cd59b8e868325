"""The body of a push request: Pub/Sub's wrapped message ("Receive push messages", Pub/Sub documentation)."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class PushedMessage(BaseModel):
    """The parts of a pushed message that are used; its data is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    attributes: Mapping[str, str] = Field(default_factory=dict)
    message_id: str = Field("", alias="messageId")


class PushEnvelope(BaseModel):
    """A push request's JSON body; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    message: PushedMessage
    subscription: str = ""
