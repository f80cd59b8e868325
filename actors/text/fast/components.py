"""A pipeline's components as the fast engine takes them apart. spaCy's types know them as callables only."""

from __future__ import annotations

from typing import Any

from spacy.language import Language
from thinc.api import Model

AnyModel = Model[Any, Any]
"""A network, or a layer of one."""


def component(nlp: Language, name: str) -> Any:
    return nlp.get_pipe(name)


def model_of(nlp: Language, name: str) -> AnyModel:
    """The network of a component that has one."""
    model: AnyModel = component(nlp, name).model
    return model


def labels_of(nlp: Language, name: str) -> tuple[str, ...]:
    """The labels that a component tells apart, in the order of its scores."""
    return tuple(component(nlp, name).labels)
