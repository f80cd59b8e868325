"""What an operator can set about cleaning descriptions."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class TextSettings(BaseModel):
    """Limits of the text stage. None of them changes a cell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cache_mb: int = Field(256, ge=1, description="what was learned from earlier rows is kept up to this size, MB")
