"""Files as shop systems write them, by hand: 24 rows each, in bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

ROWS = range(24)
NAMES = ("Oats", "Müsli", "Tea", "Shoe", "Lamp", "Chair")


def _lines(header: str, rows: Iterable[str], line_end: str = "\n") -> str:
    return "".join(f"{line}{line_end}" for line in (header, *rows))


def _text(row: int) -> str:
    return f"A long description of the {NAMES[row % 6]} with number {row}, so that everybody knows what it is"


def reference() -> str:
    """The columns of the Flipkart CSV."""
    header = "uniq_id,crawl_timestamp,product_name,product_category_tree,image,description,brand,product_specifications"
    return _lines(
        header,
        (
            f"{row:032x},2016-03-25,{NAMES[row % 6]} {row},"
            f'"[""Home >> {NAMES[row % 6]} >> Number {row % 4}""]","[""http://img.example/{row}.jpeg"", '
            f'""http://img.example/{row}-b.jpeg""]","{_text(row)}",{"Tilia" if row % 2 else ""},'
            f'"{{""product_specification""=>[{{""key""=>""Type"", ""value""=>""{row}""}}]}}"'
            for row in ROWS
        ),
    )


def shopify() -> str:
    """A product's further images and variants are rows of their own."""
    header = "Handle,Title,Body (HTML),Vendor,Product Category,Type,Published,Option1 Value,Variant SKU,Image Src"
    rows = []
    for row in ROWS:
        handle = f"{NAMES[row % 6].lower()}-{row}"
        rows.append(
            f'{handle},{NAMES[row % 6]} {row},"<p>{_text(row)}</p><ul><li>soft &amp; warm</li></ul>",Tilia,'
            f"Home > {NAMES[row % 6]},Food,true,S,SKU-{row}-S,https://cdn.example/s/files/{row}.jpg?v=1"
        )
        rows.append(f"{handle},,,,,,,M,SKU-{row}-M,https://cdn.example/s/files/{row}b.jpg?v=1")
    return _lines(header, rows)


def google_merchant() -> str:
    """A feed, tab-separated, in which nothing is quoted."""
    header = "id\ttitle\tdescription\tlink\timage_link\tadditional_image_link\tprice\tbrand\tproduct_type"
    return _lines(
        header,
        (
            f"G-{row}\t{NAMES[row % 6]} {row}\t{_text(row)}\thttps://shop.example/p/{row}\t"
            f"https://cdn.example/{row}.jpg\thttps://cdn.example/{row}b.jpg,https://cdn.example/{row}c.jpg\t"
            f"{row}.00 EUR\tTilia\tHome > {NAMES[row % 6]} > Small"
            for row in ROWS
        ),
    )


def excel() -> str:
    """A German shop's export by Excel: semicolons, a vertical bar between images, slashes between categories."""
    return _lines(
        "Artikel-Nr;Titel;Text;Marke;Bilder;Warengruppe;Merkmale",
        (
            f'A{row};{NAMES[row % 6]} für {row};"{_text(row)}; ""größer""";Köln;'
            f"https://cdn.example/{row}.jpg|https://cdn.example/{row}b.jpg;Haus/{NAMES[row % 6]}/Grün;"
            f'"[{{""key""=>""Größe"", ""value""=>""{row}""}}]"'
            for row in ROWS
        ),
        "\r\n",
    )


def amazon() -> str:
    """Three lines of header, of which the last has the names."""
    width = "\t" * 4
    header = f"TemplateType=fptcustom\tVersion=2019{width}\nSKU\tProduct Name\tDescription\tImage\tBrand\tColour"
    return _lines(
        f"{header}\nitem_sku\titem_name\tproduct_description\tmain_image_url\tbrand_name\tcolor_name",
        (f"AMZ-{row}\t{NAMES[row % 6]} {row}\t{_text(row)}\thttps://m.example/{row}.jpg\tTilia\tred" for row in ROWS),
    )


SHOPS: dict[str, Callable[[], str]] = {
    "reference": reference,
    "shopify": shopify,
    "google_merchant": google_merchant,
    "excel": excel,
    "amazon": amazon,
}
