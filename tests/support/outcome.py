"""What a run has left in the bucket, in a form in which two runs of the same content are equal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from actors.errors import Code
from actors.model.manifest import Manifest
from actors.model.part import Counts
from actors.storage.bucket import Bucket

_COUNTED = (
    *("records", "blank", "rows_out", "merged", "rejects", "images"),
    *("entries_without_key", "unread_specifications", "levels_cut"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Bytes of output, rejects and reasons, with the run's own image folder called `IMAGES`, and what was counted.

    Counts of failed fetches and of images found again are left out: they say how a run went, not what came of it.
    So is what the reason of a poison row says in words.
    """

    output: bytes
    rejects: bytes
    reasons: tuple[Mapping[str, object], ...]
    counts: Mapping[str, object]

    @classmethod
    def of(cls, manifest: Manifest, bucket: Bucket) -> Outcome:
        assert manifest.output is not None
        stem = manifest.drop.object.rpartition("/")[2].removesuffix(".csv")
        folder = f"gs://{bucket.name}/images/{stem}/{manifest.drop.generation}/"
        output = bucket.read(manifest.output.name).replace(folder.encode(), b"IMAGES/")
        rejects = bucket.read(manifest.rejects.name) if manifest.rejects else b""
        reasons = bucket.read(manifest.reasons.name) if manifest.reasons else b""
        parsed = tuple(_without_words(json.loads(line)) for line in reasons.splitlines())
        return cls(output, rejects, parsed, {name: getattr(manifest.counts, name) for name in _COUNTED})

    def without(self, number: int, row_id: str, content: bytes) -> Outcome:
        """What it would be with one row of the source `content` rejected as poison instead of put out."""
        source = records(content)
        offset = sum(len(record) for record in source[:number])
        raw = source[number].rstrip(b"\r\n")
        reason = {"row": number, "offset": offset, "bytes": len(raw), "code": str(Code.POISON_ROW), "detail": ""}
        at = sum(int(str(each["row"])) < number for each in self.reasons)
        rejects = records(self.rejects)
        counts = Counts(**self.counts)  # type: ignore[arg-type]
        gone = counts.model_copy(
            update={
                "rows_out": counts.rows_out - 1,
                "rejects": dict(sorted({**counts.rejects, str(Code.POISON_ROW): 1}.items())),
                "images": {**counts.images, "stored": counts.images["stored"] - 1},
                "entries_without_key": counts.entries_without_key - 1,
            }
        )
        return Outcome(
            b"".join(record for record in records(self.output) if not record.startswith(row_id.encode())),
            b"".join([*rejects[: at + 1], raw, b"\n", *rejects[at + 1 :]]),
            (*self.reasons[:at], reason, *self.reasons[at:]),
            {name: getattr(gone, name) for name in _COUNTED},
        )

    def differences(self, expected: Outcome) -> list[str]:
        """In words; empty where there are none."""
        found = []
        for name in ("output", "rejects"):
            mine, other = getattr(self, name), getattr(expected, name)
            if mine != other:
                at = next((i for i, (a, b) in enumerate(zip(mine, other, strict=False)) if a != b), "its end")
                found.append(f"{name}: {len(mine)} bytes for {len(other)}, unlike from {at} on")
        found += [
            f"{name}: {getattr(self, name)} for {getattr(expected, name)}"
            for name in ("reasons", "counts")
            if getattr(self, name) != getattr(expected, name)
        ]
        return found


def records(content: bytes) -> list[bytes]:
    """The records of a CSV whose quotes are balanced, each with its line end; the header is the first."""
    found: list[bytes] = []
    open_quote = False
    for line in content.splitlines(keepends=True):
        if open_quote:
            found[-1] += line
        else:
            found.append(line)
        open_quote ^= line.count(b'"') % 2 == 1
    return found


def _without_words(reason: dict[str, object]) -> dict[str, object]:
    return {**reason, "detail": ""} if reason["code"] == Code.POISON_ROW else reason
