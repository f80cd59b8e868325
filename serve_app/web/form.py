"""Form fields and query strings of the pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlencode

from pydantic import ValidationError

from actors.errors import Code, DropforgeError
from serve_app.model.reconciliation import ReconciliationRequest, ReconciliationView
from serve_app.model.selection import Selection

_MOST_FIELDS = 20
_OWN_ADDRESS = re.compile(r"/(page/[a-z0-9/-]*)?(\?[\w.~%&=+-]*)?")


def fields_of(body: bytes) -> dict[str, str]:
    """The fields of a urlencoded form. Raises `BAD_REQUEST` when the body is not one."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise DropforgeError(
            Code.BAD_REQUEST, f"The form is not valid: send at most {_MOST_FIELDS} urlencoded fields."
        ) from error


def selection_of(fields: Iterable[tuple[str, str]]) -> Selection:
    """The selection from the fields that are filled in; ignores fields that a selection does not have.

    Raises `BAD_REQUEST` when a field has no valid value.
    """
    chosen = {name: value.strip() for name, value in fields if name in Selection.model_fields and value.strip()}
    try:
        return Selection.model_validate(chosen)
    except ValidationError as invalid:
        names = ", ".join(str(fault["loc"][0]) for fault in invalid.errors())
        raise DropforgeError(Code.BAD_REQUEST, f"The value of these fields is not valid: {names}.") from invalid


def chosen_fields(selection: Selection, **more: object) -> dict[str, str]:
    """The fields from which `selection_of` makes this selection, for a link or a form."""
    fields: Mapping[str, object] = selection.model_dump(exclude_none=True) | more
    return {name: str(value) for name, value in fields.items()}


def reconciliation_of(fields: Mapping[str, str]) -> ReconciliationRequest:
    """The request from the fields that are filled in. Only with the field `accept` it accepts what it finds.

    Raises `BAD_REQUEST` when a field has no valid value.
    """
    chosen = {name: fields[name].strip() for name in ("prefix", "since_s", "limit") if fields.get(name, "").strip()}
    try:
        return ReconciliationRequest.model_validate({**chosen, "dry_run": "accept" not in fields})
    except ValidationError as invalid:
        names = ", ".join(str(fault["loc"][0]) for fault in invalid.errors())
        raise DropforgeError(Code.BAD_REQUEST, f"The value of these fields is not valid: {names}.") from invalid


def reconciliation_fields(view: ReconciliationView) -> dict[str, str]:
    """The fields that accept what this reconciliation has shown, and no more than that."""
    since = {} if view.since_s is None else {"since_s": f"{view.since_s:g}"}
    return {"prefix": view.prefix, **since, "limit": str(view.missed), "accept": "yes"}


def query(fields: Mapping[str, str]) -> str:
    return f"?{urlencode(fields, quote_via=quote)}" if fields else ""


def own_address(address: str) -> str:
    """The address if it is one of the application's pages, else the overview's: prevents an open redirect."""
    return address if _OWN_ADDRESS.fullmatch(address) else "/"
