"""Failures: the error codes, and what the system does about each kind.

Every failure has a `Code` from a fixed list. Logs, metrics, the manifest, dead letters and `replay --code` use the same
codes. A code's `kind` says what follows:

========== ==========================================================================================
`ROW`      the row is at fault: it goes to the rejects with this reason; not retried
`IMAGE`    the image is at fault: the row's next URL is tried, and the outcome is counted; not retried
`FILE`     the file can't be processed: the run is refused with this reason
`PASSING`  transient, may succeed later: retried by the stage's policy
`SHARD`    the shard has failed for good: its retries are used up, or a retry would fail in the same way
`CALLER`   the request or the settings are wrong: reported to the person who made them
========== ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Kind(StrEnum):
    """What the system does about a failure; see the table above."""

    ROW = "row"
    IMAGE = "image"
    FILE = "file"
    PASSING = "passing"
    SHARD = "shard"
    CALLER = "caller"


class Code(StrEnum):
    """The code of a failure, with its kind."""

    kind: Kind

    def __new__(cls, value: str, kind: Kind) -> Code:
        code = str.__new__(cls, value)
        code._value_ = value
        code.kind = kind
        return code

    MISSING_VALUE = "missing_value", Kind.ROW
    WRONG_FIELD_COUNT = "wrong_field_count", Kind.ROW
    UNCLOSED_QUOTE = "unclosed_quote", Kind.ROW
    AMBIGUOUS_QUOTING = "ambiguous_quoting", Kind.ROW
    UNDECODABLE_BYTES = "undecodable_bytes", Kind.ROW
    FIELD_TOO_LARGE = "field_too_large", Kind.ROW
    ROW_TOO_LARGE = "row_too_large", Kind.ROW
    REPEATED_HEADER = "repeated_header", Kind.ROW
    TANGLED_TEXT = "tangled_text", Kind.ROW
    POISON_ROW = "poison_row", Kind.ROW
    PRODUCT_TOO_LARGE = "product_too_large", Kind.ROW

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
    AMBIGUOUS_DIALECT = "ambiguous_dialect", Kind.FILE
    UNSUPPORTED_ENCODING = "unsupported_encoding", Kind.FILE
    TOO_LARGE = "too_large", Kind.FILE
    SOURCE_GONE = "source_gone", Kind.FILE
    SUPERSEDED = "superseded", Kind.FILE
    OUTPUT_TAKEN = "output_taken", Kind.FILE
    NO_USABLE_ROWS = "no_usable_rows", Kind.FILE

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
    RECONCILIATION_ACTIVE = "reconciliation_active", Kind.CALLER


class DropforgeError(Exception):
    """A failure with a code.

    `message` is written for a person: what happened, to which object or row, and what to do next.
    `retry_after_s` is the delay that a server asked for before a retry, in seconds; None without one.
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
