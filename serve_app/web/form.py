"""Fields of the page's forms and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlencode

from pydantic import ValidationError

from actors.errors import Code, DropforgeError
from serve_app.model.selection import Selection

_MOST_FIELDS = 20
_OWN_ADDRESS = re.compile(r"/(page/[a-z0-9/-]*)?(\?[\w.~%&=+-]*)?")


def fields_of(body: bytes) -> dict[str, str]:
    """A urlencoded form's fields. Raises `BAD_REQUEST`."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise DropforgeError(Code.BAD_REQUEST, "The form can't be read.") from error


def selection_of(fields: Iterable[tuple[str, str]]) -> Selection:
    """Dead letters by what was filled in; other fields than a selection's are passed over. Raises `BAD_REQUEST`."""
    chosen = {name: value.strip() for name, value in fields if name in Selection.model_fields and value.strip()}
    try:
        return Selection.model_validate(chosen)
    except ValidationError as invalid:
        names = ", ".join(str(fault["loc"][0]) for fault in invalid.errors())
        raise DropforgeError(Code.BAD_REQUEST, f"These fields have no valid value: {names}.") from invalid


def chosen_fields(selection: Selection, **more: object) -> dict[str, str]:
    """The fields that make this selection again, for a link or a form."""
    fields: Mapping[str, object] = selection.model_dump(exclude_none=True) | more
    return {name: str(value) for name, value in fields.items()}


def query(fields: Mapping[str, str]) -> str:
    return f"?{urlencode(fields, quote_via=quote)}" if fields else ""


def own_address(address: str) -> str:
    """Where to go next, as far as that is a page of ours: else the first one."""
    return address if _OWN_ADDRESS.fullmatch(address) else "/"
