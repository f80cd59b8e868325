"""What can go wrong, and what follows from it.

Every failure has a bounded `Code`, the same word in logs, metrics, the manifest, dead letters and
`replay --code`. Its `kind` says what the system does about it:

========== ==========================================================================================
`ROW`      the row's own fault: the row goes to the rejects with this reason; never retried
`IMAGE`    the image's own fault: the next URL of the row is tried; the outcome is counted; never retried
`FILE`     the file itself can't be processed: the run is refused with this reason
`PASSING`  may work next time: retried by the stage's policy
`SHARD`    the shard's end: its retries are used up, or a retry would repeat the same harm
`CALLER`   the request or the settings are wrong: told to the person who made them
========== ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Kind(StrEnum):
    ROW = "row"
    IMAGE = "image"
    FILE = "file"
    PASSING = "passing"
    SHARD = "shard"
    CALLER = "caller"


class Code(StrEnum):
    """Every outcome the system names, with its kind."""

    kind: Kind

    def __new__(cls, value: str, kind: Kind) -> Code:
        code = str.__new__(cls, value)
        code._value_ = value
        code.kind = kind
        return code

    MISSING_VALUE = "missing_value", Kind.ROW
    WRONG_FIELD_COUNT = "wrong_field_count", Kind.ROW
    UNCLOSED_QUOTE = "unclosed_quote", Kind.ROW
    UNDECODABLE_BYTES = "undecodable_bytes", Kind.ROW
    FIELD_TOO_LARGE = "field_too_large", Kind.ROW
    ROW_TOO_LARGE = "row_too_large", Kind.ROW
    REPEATED_HEADER = "repeated_header", Kind.ROW
    TANGLED_TEXT = "tangled_text", Kind.ROW
    POISON_ROW = "poison_row", Kind.ROW

    BAD_URL = "bad_url", Kind.IMAGE
    BLOCKED_ADDRESS = "blocked_address", Kind.IMAGE
    TOO_MANY_REDIRECTS = "too_many_redirects", Kind.IMAGE
    IMAGE_NOT_FOUND = "image_not_found", Kind.IMAGE
    IMAGE_FORBIDDEN = "image_forbidden", Kind.IMAGE
    IMAGE_HTTP_ERROR = "image_http_error", Kind.IMAGE
    IMAGE_TOO_LARGE = "image_too_large", Kind.IMAGE
    IMAGE_TOO_MANY_PIXELS = "image_too_many_pixels", Kind.IMAGE
    IMAGE_TOO_SLOW = "image_too_slow", Kind.IMAGE
    NOT_AN_IMAGE = "not_an_image", Kind.IMAGE
    IMAGE_OPTED_OUT = "image_opted_out", Kind.IMAGE
    HOST_NOT_FOUND = "host_not_found", Kind.IMAGE
    NO_IMAGE_URL = "no_image_url", Kind.IMAGE

    EMPTY_FILE = "empty_file", Kind.FILE
    MISSING_COLUMN = "missing_column", Kind.FILE
    DUPLICATE_COLUMN = "duplicate_column", Kind.FILE
    NOT_A_CSV = "not_a_csv", Kind.FILE
    UNSUPPORTED_ENCODING = "unsupported_encoding", Kind.FILE
    TOO_LARGE = "too_large", Kind.FILE
    SOURCE_GONE = "source_gone", Kind.FILE
    SUPERSEDED = "superseded", Kind.FILE
    OUTPUT_TAKEN = "output_taken", Kind.FILE

    TIMEOUT = "timeout", Kind.PASSING
    RATE_LIMITED = "rate_limited", Kind.PASSING
    SERVER_ERROR = "server_error", Kind.PASSING
    CONNECTION_FAILED = "connection_failed", Kind.PASSING
    ACTOR_DIED = "actor_died", Kind.PASSING
    ACTOR_UNAVAILABLE = "actor_unavailable", Kind.PASSING
    OBJECT_LOST = "object_lost", Kind.PASSING
    BACK_PRESSURE = "back_pressure", Kind.PASSING
    STORAGE_UNAVAILABLE = "storage_unavailable", Kind.PASSING
    IMAGE_HOST_DOWN = "image_host_down", Kind.PASSING
    LEASE_LOST = "lease_lost", Kind.PASSING
    NOT_ACCEPTED = "not_accepted", Kind.PASSING

    POISON_SHARD = "poison_shard", Kind.SHARD
    PARTS_DISAGREE = "parts_disagree", Kind.SHARD
    INTERNAL = "internal", Kind.SHARD

    BAD_SETTINGS = "bad_settings", Kind.CALLER
    LOCAL_CLOUD = "local_cloud", Kind.CALLER
    BAD_REQUEST = "bad_request", Kind.CALLER
    MODEL_ALTERED = "model_altered", Kind.CALLER
    NOT_FOUND = "not_found", Kind.CALLER
    UNAUTHENTICATED = "unauthenticated", Kind.CALLER
    CROSS_SITE = "cross_site", Kind.CALLER
    REQUEST_TOO_LARGE = "request_too_large", Kind.CALLER
    STRAY_MESSAGE = "stray_message", Kind.CALLER
    REPLAY_ACTIVE = "replay_active", Kind.CALLER


class DropforgeError(Exception):
    """A failure with a bounded code.

    `message` is written for a person: what happened, to which object or row, and what to do next.
    `retry_after_s` is the wait a server asked for, in seconds, where it did.
    """

    def __init__(self, code: Code, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s

    @property
    def kind(self) -> Kind:
        return self.code.kind

    @property
    def retryable(self) -> bool:
        return self.kind is Kind.PASSING

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def __reduce__(self) -> tuple[Callable[..., DropforgeError], tuple[object, ...], dict[str, object]]:
        """Its fields as they are: `__init__`, which Python would call again, differs from subclass to subclass."""
        return _with_fields_to_come, (type(self), self.args), self.__dict__.copy()


def _with_fields_to_come(kind: type[DropforgeError], args: tuple[object, ...]) -> DropforgeError:
    return kind.__new__(kind, *args)
