"""What a stage does to see whether it is alive: a tiny piece of its own work, compared with what must come of it.

Only what is in this process is tried. A bucket or a host that is down is no reason to restart a replica: the new one
would be no better off.
"""

from __future__ import annotations

import pyarrow as pa

from actors.csv.header import read_header
from actors.csv.output import rows_csv
from actors.csv.records import read_shard
from actors.errors import Code, DropforgeError
from actors.model.catalogue import Catalogue
from actors.model.drop import Shard
from actors.model.frame import AttributeColumns, ShardFrame
from actors.reading.attribute_columns import attribute_columns

_CATALOGUE = Catalogue(category_levels=2)
_HEADER = b"uniq_id,product_name,description,image,product_specifications,product_category_tree"
_RECORD = b'1,Shoe,Shoes.,[],"{""s""=>[{""key""=>""Size"", ""value""=>""8""}]}",Shoes\n'


def expect(what: str, found: object, expected: object) -> None:
    """Raises `INTERNAL`, which makes the replica unhealthy, where they differ."""
    if found != expected:
        raise DropforgeError(Code.INTERNAL, f"{what} is {found!r:.200}, expected {expected!r:.200}.")


def read_row() -> tuple[ShardFrame, AttributeColumns]:
    """One row of a catalogue, parsed."""
    header = read_header(_HEADER, _CATALOGUE, ",")
    frame = read_shard(_RECORD, Shard(0, 0, len(_RECORD), 1, 1), header, _CATALOGUE)
    return frame, attribute_columns(frame.rows, _CATALOGUE)


def write_row() -> bytes:
    """One row of an output, without attributes and category levels."""
    rows = pa.table({"id": ["1"], "name": ["Shoe"], "brand": [""], "image": ["[]"]})
    cell = pa.array([""], pa.string())
    columns = AttributeColumns(pa.array(["{}"]), (cell, cell), entries_without_key=0, levels_cut=0)
    return rows_csv(rows, pa.array(["shoe"]), cell, columns, neutralise_formulas=False)
