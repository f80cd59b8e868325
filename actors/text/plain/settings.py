"""What an operator can set about cleaning descriptions."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

EngineName = Literal["fast", "spacy"]


class TextSettings(BaseModel):
    """How the text stage works. Nothing here changes a cell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: EngineName = Field(
        "fast",
        description="what makes the cells: `fast`, the model's inference done anew, checked against spaCy when it "
        "starts; or `spacy`, spaCy's own pipeline, at about a sixth of the speed, for a version of spaCy or of the "
        "model that `fast` does not know",
    )
    cache_mb: int = Field(256, ge=1, description="what was learned from earlier rows is kept up to this size, MB")
