"""A small product catalogue with planned faults, and the counts that a run over it must have.

The columns and the specification syntax are those of the Flipkart product CSV. The products are generated from a
seed, so the file is the same each time. Its images are on an `image_host.ImageHost`.
"""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from actors.errors import Code
from actors.model.part import Counts

COLUMNS = (
    "uniq_id",
    "crawl_timestamp",
    "product_url",
    "product_name",
    "product_category_tree",
    "pid",
    "retail_price",
    "discounted_price",
    "image",
    "is_FK_Advantage_product",
    "description",
    "product_rating",
    "overall_rating",
    "brand",
    "product_specifications",
)

_SEED = 20160325
_ROWS = 240
_BLANK_TAIL = 12
_STORED = "stored"

_BRANDS = ("Alder & Finch", "Norvane", "Kestrel", "Papermoon", "Tilia", "Ostrova", "Halden", "Brook & Bay")
_COLOURS = ("Navy", "Rust", "Olive", "Ivory", "Charcoal", "Teal", "Mustard", "Plum")
_PATTERNS = ("Solid", "Striped", "Checked", "Printed", "Embroidered", "Self Design")
_CATALOGUE: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "Clothing >> Women's Clothing >> Western Wear >> Shirts, Tops & Tunics",
        ("Shirt", "Tunic", "Top"),
        ("Cotton", "Linen", "Viscose"),
    ),
    ("Clothing >> Men's Clothing >> Winter Wear >> Sweaters", ("Sweater", "Cardigan"), ("Wool", "Cotton Blend")),
    ("Footwear >> Men's Footwear >> Casual Shoes", ("Sneakers", "Loafers"), ("Canvas", "Suede", "Leather")),
    ("Home Furnishing >> Bed Linen >> Bedsheets", ("Bedsheet", "Duvet Cover"), ("Cotton", "Microfibre")),
    (
        "Kitchen & Dining >> Cookware >> Pots & Pans",
        ("Frying Pan", "Saucepan"),
        ("Stainless Steel", "Hard Anodised Aluminium"),
    ),
    ("Watches >> Wrist Watches", ("Analog Watch", "Chronograph"), ("Steel", "Resin")),
)
_SENTENCES = (
    "The {colour} {thing} is made of {material} that keeps its shape after many washes.",
    "{brand} designed this {pattern} {thing} for everyday use and for gifting on special occasions.",
    "It matches well with most outfits and rooms, and its finishing has been checked by hand.",
    "Buyers loved how the edges are stitched twice, so nothing frays or comes loose.",
    "Clean it gently with lukewarm water; do not bleach, and dry it in the shade.",
    "Our workshops are paying fair wages, and every batch carries the maker's number.",
    "Packaged safely, it ships within 2 days and can be returned for 30 days.",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """`content` is the CSV; `expected` holds the counts that a run must have, 0 for those that are not known here."""

    content: bytes
    expected: Counts


def sample(image_url: str) -> Sample:
    """The catalogue, with images at `image_url`, an image host's address without a path."""
    return _Writer(image_url).write()


class _Writer:
    def __init__(self, image_url: str) -> None:
        self._image_url = image_url
        self._random = random.Random(_SEED)
        self._lines: list[bytes] = []
        self._rejects: Counter[str] = Counter()
        self._images: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()

    def write(self) -> Sample:
        header = _line(COLUMNS)
        trouble = {
            17: self._without_description,
            31: self._first_image_missing,
            58: self._image_is_a_page,
            76: self._host_busy_twice,
            90: self._too_few_fields,
            101: lambda: self._reject(header, Code.REPEATED_HEADER),
            119: self._not_utf_8,
            133: self._no_image_at_all,
            150: self._host_busy_twice,
            164: self._forbidden_port,
            188: self._without_description,
            205: self._unquoted_comma,
        }
        for row in range(1, _ROWS + 1):
            trouble.get(row, self._good)()
        self._lines += [_line([""] * len(COLUMNS))] * _BLANK_TAIL
        return Sample(
            content=header + b"".join(self._lines),
            expected=Counts(
                records=_ROWS + _BLANK_TAIL,
                blank=_BLANK_TAIL,
                rows_out=self._images.total(),
                rejects=dict(self._rejects),
                images=dict(self._images),
                image_failures=dict(self._failures),
            ),
        )

    def _good(self) -> None:
        self._accept(self._product())

    def _first_image_missing(self) -> None:
        self._accept(self._product("missing/a.jpg", "ok/the-second-works.jpg"), Code.IMAGE_NOT_FOUND)

    def _host_busy_twice(self) -> None:
        self._accept(self._product(f"flaky/{self._random.randrange(10**6)}.jpg"))

    def _image_is_a_page(self) -> None:
        self._accept(self._product("page/gone.jpg"), Code.NOT_AN_IMAGE, stored=False)

    def _no_image_at_all(self) -> None:
        self._accept(self._product("missing/b.jpg", "missing/c.jpg"), *[Code.IMAGE_NOT_FOUND] * 2, stored=False)

    def _forbidden_port(self) -> None:
        product = self._product()
        product["image"] = '["http://127.0.0.1:22/back-door.jpg"]'
        self._accept(product, Code.BLOCKED_ADDRESS, stored=False)

    def _without_description(self) -> None:
        self._reject(_line((self._product() | {"description": ""}).values()), Code.MISSING_VALUE)

    def _too_few_fields(self) -> None:
        self._reject(_line(list(self._product().values())[:9]), Code.WRONG_FIELD_COUNT)

    def _unquoted_comma(self) -> None:
        self._reject(_line([*self._product().values(), "and one field too many"]), Code.WRONG_FIELD_COUNT)

    def _not_utf_8(self) -> None:
        line = _line((self._product() | {"brand": "Caf?"}).values())
        self._reject(line.replace(b"Caf?", "Café".encode("latin-1")), Code.UNDECODABLE_BYTES)

    def _accept(self, product: dict[str, str], *failures: Code, stored: bool = True) -> None:
        self._lines.append(_line(product.values()))
        self._failures.update(map(str, failures))
        self._images[_STORED if stored else str(failures[-1])] += 1

    def _reject(self, line: bytes, code: Code) -> None:
        self._lines.append(line)
        self._rejects[str(code)] += 1

    def _product(self, *images: str) -> dict[str, str]:
        pick = self._random.choice
        category, things, materials = pick(_CATALOGUE)
        words = {
            "brand": pick(_BRANDS),
            "colour": pick(_COLOURS),
            "pattern": pick(_PATTERNS),
            "thing": pick(things),
            "material": pick(materials),
        }
        name = "{brand} {pattern} {colour} {thing}".format(**words)
        key = f"{self._random.getrandbits(128):032x}"
        sentences = self._random.sample(_SENTENCES, self._random.randint(3, 5))
        price = self._random.randrange(199, 4999)
        images = images or tuple(f"ok/{key}-{at}.{pick(('jpg', 'png', 'webp'))}" for at in range(pick((1, 2, 4))))
        values = (
            key,
            "2016-03-25 22:59:23 +0000",
            f"http://shop.example/{key[:8]}",
            name,
            f'["{category} >> {name}"]',
            key[:16].upper(),
            str(price),
            str(price * 7 // 10),
            "[{}]".format(", ".join(f'"{self._image_url}/{image}"' for image in images)),
            pick(("TRUE", "FALSE")),
            f'Key Features of {name}\n"{pick(things)}" of {words["material"]}, ' + " ".join(sentences).format(**words),
            pick(("No rating available", "4.1", "3.8")),
            "No rating available",
            words["brand"],
            _specification(
                {"Fabric": words["material"], "Pattern": words["pattern"], "Colour": words["colour"]},
            ),
        )
        return dict(zip(COLUMNS, values, strict=True))


def _specification(entries: dict[str, str]) -> str:
    """Key-value entries in the catalogue's syntax, that of a Ruby hash."""
    inner = ", ".join(f'{{"key"=>"{key}", "value"=>"{value}"}}' for key, value in entries.items())
    return f'{{"product_specification"=>[{inner}, {{"value"=>"One year of warranty"}}]}}'


def _line(values: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(values)
    return text.getvalue().encode("utf-8")
