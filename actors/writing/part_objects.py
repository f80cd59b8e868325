"""A shard's part in the work bucket: objects of its rows, rejects and failed URLs, and the record that commits them."""

from __future__ import annotations

import secrets

from actors.model.part import PartRecord, UnwrittenPart
from actors.storage.run_records import RunRecords

from .content import CSV, JSON_LINES


def write_part(part: UnwrittenPart, records: RunRecords) -> PartRecord:
    """Writes the objects, each under a name of this call's own, then the record. Blocking.

    The record that counts is returned, an earlier one where there was one. Raises what `Bucket` raises.
    """
    shard, bucket, names, token = part.record.shard, records.bucket, records.names, secrets.token_hex(4)
    objects: dict[str, str] = {}
    if part.rows:
        objects["rows_object"] = names.rows(shard, token)
        bucket.put(objects["rows_object"], part.rows, content_type=CSV)
    if part.reasons:
        objects["rejects_object"] = names.rejects(shard, token, "csv")
        objects["reasons_object"] = names.rejects(shard, token, "jsonl")
        if part.long_rejects is None:
            bucket.put(objects["rejects_object"], part.rejects, content_type=CSV)
        else:
            bucket.upload(objects["rejects_object"], part.long_rejects(), content_type=CSV)
        bucket.put(objects["reasons_object"], part.reasons, content_type=JSON_LINES)
    if part.failed_urls:
        objects["failed_urls_object"] = names.rejects(shard, token, "failures.jsonl")
        bucket.put(objects["failed_urls_object"], part.failed_urls, content_type=JSON_LINES)
    return records.write_part(part.record.model_copy(update=objects))
