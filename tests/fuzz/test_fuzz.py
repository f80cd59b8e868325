"""A share of the fuzzing that every run of the tests does, always of the same files."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from .files import WellFormed, any_bytes, well_formed
from .properties import never_crashes_never_loses_always_accounts, reads_as_the_standard_library_does

LIMITS = {
    "max_row_bytes": st.one_of(st.integers(24, 90), st.just(1 << 20)),
    "shard_bytes": st.integers(1, 90),
    "shard_rows": st.integers(1, 4),
    "block": st.integers(3, 60),
    "encoding": st.sampled_from(["utf-8", "utf-8", "cp1252"]),
}


@settings(max_examples=150, derandomize=True)
@given(file=well_formed(), shard_rows=st.integers(1, 4))
def test_well_formed_files_read_as_the_library_reads_them(file: WellFormed, shard_rows: int) -> None:
    reads_as_the_standard_library_does(file, shard_rows=shard_rows)


@settings(max_examples=300, derandomize=True)
@given(data=any_bytes(), **LIMITS)
def test_any_bytes_are_accounted_for(
    data: bytes, max_row_bytes: int, shard_bytes: int, shard_rows: int, block: int, encoding: str
) -> None:
    never_crashes_never_loses_always_accounts(
        data,
        max_row_bytes=max_row_bytes,
        shard_bytes=shard_bytes,
        shard_rows=shard_rows,
        block=block,
        encoding=encoding,
    )
