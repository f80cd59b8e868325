"""Every cell of a run is the one that the reference's rules give, on any machine: the golden file is not needed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from actors.text.plain import model
from infra.local.sample import COLUMNS, sample
from tests.support import reference
from tests.support.csv_records import csv_of, records_of
from tests.support.descriptions import descriptions
from tests.support.stack import Stack

ROWS = 250

_ENTRIES = (
    '{"key"=>"Fabric", "value"=>"Cotton, \\"raw\\""}',
    '{"key"=>"Colour", "value"=>"Navy"}',
    '{"key"=>"Colour", "value"=>"Rouge foncé"}',
    '{"value"=>"without a key"}',
    '{"key"=>"Size", "value"=>""}',
    '{"key"=>"Sizes [EU]", "value"=>"38 - 40"}',
    '{"key"=>"Care", "value"=>"Wash, then => dry"}',
    "{}",
    '{"key"=>"Number of pieces" "value"=>"3"}',
    '{"key"=>nil, "value"=>"x"}',
)
_NAMES = ("Clothing", " Women's Clothing ", "Shirts, Tops & Tunics", 'TV 32" sets', "[new]", "Café", "x" * 60)


def specification(chance: random.Random) -> str:
    entries = ", ".join(chance.choice(_ENTRIES) for _ in range(chance.randint(1, 5)))
    form = chance.choice(('{{"product_specification"=>[{}]}}',) * 5 + ('{{"product_specification"=>{}}}', "no [{} end"))
    return form.format(entries)


def made_up(images: str) -> bytes:
    """Rows from a seed: hard descriptions, odd specifications, paths of one to eight levels, lists of images."""
    chance = random.Random(20)
    rows = []
    for number, text in enumerate(descriptions(ROWS, seed=20)):
        urls = [f'"{images}/made-up/{number}-{at}.jpg"' for at in range(chance.randint(1, 4))]
        path = " >> ".join(chance.choice(_NAMES) for _ in range(chance.randint(1, 8)))
        row = dict.fromkeys(COLUMNS, "") | {
            "uniq_id": f"{number:032x}",
            "product_name": chance.choice(_NAMES).strip(),
            "description": text,
            "brand": chance.choice(("", "Tilia", "Alder & Finch")),
            "image": f"[{chance.choice((',', ', ')).join(urls)}]",
            "product_specifications": specification(chance),
            "product_category_tree": f'["{path}"]',
        }
        if not number % 50:
            row[chance.choice(reference.REQUIRED)] = ""
        rows.append(row)
    return csv_of(rows)


@pytest.mark.parametrize("make", [lambda images: sample(images).content, made_up], ids=["demo's sample", "made up"])
def test_every_cell_is_as_the_reference_s_rules_give_it(
    stack: Stack, make: Callable[[str], bytes], request: pytest.FixtureRequest, capsys: pytest.CaptureFixture
) -> None:
    data = make(stack.images.url)
    drop = stack.drop(f"in/by-rules/{'sample' if 'sample' in request.node.name else 'made-up'}.csv", data)
    output = records_of(stack.output_of(stack.done(drop)))
    nlp = reference.language(str(model.locate()))
    expected = reference.expected_rows(data, nlp, lambda url: url.startswith(f"{stack.images.url}/"))

    assert [row["uniq_id"] for row in output] == [row["uniq_id"] for row in expected]
    compared: Counter[str] = Counter()
    different: list[tuple[str, str, str, str]] = []
    for row, wanted in zip(output, expected, strict=True):
        row["image_uri"] = row["image_uri"].rpartition("/")[2].partition(".")[0]  # folder and extension are ours
        assert row.keys() == wanted.keys()
        for column, cell in wanted.items():
            compared[column] += 1
            if row[column] != cell:
                different.append((row["uniq_id"], column, row[column], cell))
    with capsys.disabled():
        print(f" {compared.total()} cells of {len(compared)} columns compared, {len(different)} different", end="")
    assert different == []
    assert compared.total() >= 200 * 15
