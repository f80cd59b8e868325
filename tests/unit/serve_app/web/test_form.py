from __future__ import annotations

import pytest

from actors.errors import Code, DropforgeError
from serve_app.model.reconciliation import ReconciliationRequest, ReconciliationView
from serve_app.model.selection import Selection
from serve_app.web.form import (
    chosen_fields,
    fields_of,
    own_address,
    query,
    reconciliation_fields,
    reconciliation_of,
    selection_of,
)


def test_what_is_left_empty_selects_everything() -> None:
    assert selection_of({"run": "", "code": " ", "stage": "clean", "other": "x"}.items()) == Selection(stage="clean")


def test_a_selection_survives_its_fields() -> None:
    selection = Selection(object="in/ä b&c=d.csv", shard=0, limit=3)
    assert selection_of(fields_of(query(chosen_fields(selection))[1:].encode()).items()) == selection


def test_a_field_that_is_no_number_is_named() -> None:
    with pytest.raises(DropforgeError) as raised:
        selection_of({"shard": "first"}.items())
    assert (raised.value.code, "shard" in raised.value.message) == (Code.BAD_REQUEST, True)


def test_what_a_reconciliation_showed_is_what_it_accepts() -> None:
    view = ReconciliationView(
        reconciliation="0" * 12, state="done", dry_run=True, prefix="in/ä b&c=d", since_s=86_400, missed=3
    )
    fields = fields_of(query(reconciliation_fields(view))[1:].encode())
    wanted = ReconciliationRequest(prefix="in/ä b&c=d", since_s=86_400, limit=3, dry_run=False)
    assert reconciliation_of(fields) == wanted


def test_a_form_without_consent_changes_nothing() -> None:
    assert reconciliation_of({"prefix": " in/ ", "since_s": ""}) == ReconciliationRequest(prefix="in/")
    with pytest.raises(DropforgeError, match="since_s"):
        reconciliation_of({"since_s": "-1"})


@pytest.mark.parametrize("body", [b"\xff=1", b"&".join(b"a%d=1" % n for n in range(50))], ids=["no text", "too many"])
def test_a_form_that_can_t_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(DropforgeError) as raised:
        fields_of(body)
    assert raised.value.code is Code.BAD_REQUEST


@pytest.mark.parametrize("address", ["/", "/page/runs/0123", "/page/dead-letters?code=a_b&run=%20"])
def test_our_own_pages_are_gone_back_to(address: str) -> None:
    assert own_address(address) == address


@pytest.mark.parametrize(
    "address",
    ["", "//evil.example", "https://evil.example/", "/\\evil.example", "/runs", "/page//evil", "javascript:alert(1)",
     "/page/../../x", "/page/\r\nSet-Cookie: a=b", "/?a=b\n", "/page/x?u=http://evil.example/"],
)  # fmt: skip
def test_no_other_address_is_gone_back_to(address: str) -> None:
    assert own_address(address) in ("/", "/page//evil")
    assert not own_address(address).startswith(("//", "/\\"))
