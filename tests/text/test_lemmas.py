"""What `lemmas` takes for granted about the pipeline's attribute ruler and lemmatizer."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from spacy.language import Language
from spacy.tokens import Doc

from actors.text.fast.lemmas import Lemmas
from actors.text.plain import model

# Endings that the lemmatizer's rules, exceptions and index treat each in their way.
WORDS = ["boxes", "helps", "used", "bigger", "finest", "printing", "women", "got", "gets", "features", "leaves", "qqs"]


@pytest.fixture(scope="module")
def nlp() -> Language:
    return model.load()


@pytest.fixture(scope="module")
def lemmas(nlp: Language) -> Lemmas:
    return Lemmas(nlp)


def pipeline_lemma(nlp: Language, words: list[str], at: int, tag: str, label: str) -> str:
    doc = Doc(nlp.vocab, words, tags=[tag] * len(words), heads=[0] * len(words), deps=[label] * len(words))
    return nlp.get_pipe("lemmatizer")(nlp.get_pipe("attribute_ruler")(doc))[at].lemma_


def test_patterns_constrain_words_only_in_ways_that_are_handled(nlp: Language) -> None:
    ruler: Any = nlp.get_pipe("attribute_ruler")
    patterns = [pattern for entry in ruler.patterns for pattern in entry["patterns"]]
    keys = {key for pattern in patterns for token in pattern for key in token}
    assert keys <= {"TAG", "DEP", "IS_SPACE", "LOWER", "ORTH", "TEXT", "NORM"}
    values = [value for pattern in patterns for token in pattern for value in token.values()]
    operators = {key for value in values if isinstance(value, dict) for key in value}
    assert operators <= {"IN", "NOT_IN", "REGEX"}
    assert max(map(len, patterns)) == 2, "a lemma may depend on more than the words on both sides"


def test_no_label_but_aux_changes_the_lemma_of_a_kept_word(nlp: Language) -> None:
    parser: Any = nlp.get_pipe("parser")
    tagger: Any = nlp.get_pipe("tagger")
    named = ["i", "you", "it", "do", "does", "did", "have", "has", "had", "is", "are", "that", "these"]
    named += ["gets", "got", "na", "ta", "ai"]
    kept = [word for word in {*WORDS, *named} if not nlp.vocab[word].is_stop and nlp.vocab[word].is_alpha]
    assert len(kept) > len(WORDS)
    for word, tag in itertools.product(kept, tagger.labels):
        labels = [label for label in parser.labels if label not in ("aux", "auxpass")]
        doc = Doc(nlp.vocab, [word] * len(labels), tags=[tag] * len(labels), heads=[0] * len(labels), deps=labels)
        found = {token.lemma_ for token in nlp.get_pipe("lemmatizer")(nlp.get_pipe("attribute_ruler")(doc))}
        assert len(found) == 1, (word, tag, found)


@pytest.mark.parametrize("auxiliary", [False, True])
def test_words_alone_have_the_pipelines_lemma(nlp: Language, lemmas: Lemmas, auxiliary: bool) -> None:
    tagger: Any = nlp.get_pipe("tagger")
    for word, (number, tag) in itertools.product(WORDS, enumerate(tagger.labels)):
        alone = lemmas.alone(word, number, auxiliary)
        if alone is None:
            alone = lemmas.between("", word, "", number, auxiliary)
        assert alone == pipeline_lemma(nlp, [word], 0, tag, "auxpass" if auxiliary else "nsubj"), (word, tag)


@pytest.mark.parametrize(
    ("words", "at", "tag", "lemma"),
    [
        (["gon", "na"], 0, "VBG", "go"),
        (["gon", "na"], 1, "TO", "to"),
        (["na"], 0, "UH", "na"),
        (["got", "ta"], 1, "TO", "to"),
        (["ai", "n't"], 0, "VBP", "be"),
        (["ai"], 0, "VBP", "ai"),
        (["y", "all"], 0, "PRP", "you"),
        (["\n", "gets"], 1, "VBZ", "get"),
    ],
)
def test_named_words_have_the_lemma_of_their_place(
    nlp: Language, lemmas: Lemmas, words: list[str], at: int, tag: str, lemma: str
) -> None:
    tagger: Any = nlp.get_pipe("tagger")
    number = tagger.labels.index(tag)
    assert lemmas.alone(words[at], number, False) is None
    left, right = ("", *words)[at], (*words, "")[at + 1]
    assert lemmas.between(left, words[at], right, number, False) == lemma == pipeline_lemma(nlp, words, at, tag, "dep")
