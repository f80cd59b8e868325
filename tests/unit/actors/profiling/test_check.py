"""What is found out about files of many shapes."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
import yaml

from actors.errors import Code, DropforgeError
from actors.model.catalogue import ROLES, Catalogue
from actors.profiling.check import Check, check_head
from actors.profiling.head_text import HeadText, read_head_text
from actors.profiling.trial import try_settings

from .shops import SHOPS, amazon, excel, google_merchant, reference


def head_of(data: bytes) -> HeadText:
    return read_head_text(io.BufferedReader(io.BytesIO(data)), len(data))  # type: ignore[arg-type]


def lines_of(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


def checked(text: str | bytes, base: Catalogue | None = None) -> Check:
    data = text.encode() if isinstance(text, str) else text
    return check_head(head_of(data), base or Catalogue())


def columns_by_role(check: Check) -> dict[str, str]:
    return {role: found.column.name for role, found in check.roles.items()}


def test_the_reference_s_file_needs_no_setting() -> None:
    check = checked(reference())
    assert check.proposed.values == {}
    assert check.proposed.advice == ()
    assert (check.missing, check.fine) == ((), True)
    assert check.trial is not None
    assert (check.trial.rows, check.trial.rejects, check.trial.troubles) == (24, {}, ())
    first = check.trial.first[0]
    assert (first["uniq_id"], first["c2_name"], first["attributes"]) == ("0" * 32, "Number 0", '{"Type": "0"}')
    assert first["image_uri"] == "http://img.example/0.jpeg"


def test_the_reference_s_sample_needs_no_setting(shared_data: Path) -> None:
    check = checked((shared_data / "flipkart_sample.csv").read_bytes())
    assert check.proposed.values == {}
    assert check.fine
    assert check.trial is not None
    assert set(check.trial.rejects) == {"missing_value"}


EXPECTED = {
    "shopify": {
        "id": "Handle",
        "name": "Title",
        "description": "Body (HTML)",
        "brand": "Vendor",
        "image": "Image Src",
        "categories": "Product Category",
    },
    "google_merchant": {
        "id": "id",
        "name": "title",
        "description": "description",
        "brand": "brand",
        "image": "image_link",
        "categories": "product_type",
    },
    "excel": {
        "id": "Artikel-Nr",
        "name": "Titel",
        "description": "Text",
        "brand": "Marke",
        "image": "Bilder",
        "categories": "Warengruppe",
        "specifications": "Merkmale",
    },
    "amazon": {
        "id": "item_sku",
        "name": "item_name",
        "description": "product_description",
        "brand": "brand_name",
        "image": "main_image_url",
    },
}


@pytest.mark.parametrize("shop", EXPECTED)
def test_each_role_has_its_column(shop: str) -> None:
    check = checked(SHOPS[shop]())
    assert columns_by_role(check) == EXPECTED[shop]
    assert set(check.missing) == {*ROLES} - {*EXPECTED[shop]} - {*check.base.optional_columns}
    assert check.fine == (not check.missing)
    for found in check.roles.values():
        assert "look like" in found.evidence


@pytest.mark.parametrize("shop", ["reference", "shopify", "google_merchant", "excel"])
def test_the_proposed_settings_read_every_row(shop: str) -> None:
    encoding = "cp1252" if shop == "excel" else "utf-8"
    check = checked(SHOPS[shop]().encode(encoding))
    pasted = Catalogue.model_validate(yaml.safe_load(yaml.safe_dump(check.proposed.values)))
    assert pasted == check.proposed.catalogue
    assert check.refusal is None
    assert check.trial is not None
    assert check.trial.rejects == {}
    assert check.trial.rows == 24
    assert all(row["image_uri"].startswith("http") for row in check.trial.first)
    assert check.trial.first[0]["c1_name"]


def test_an_excel_export_in_cp1252() -> None:
    check = checked(excel().encode("cp1252"))
    assert check.proposed.values == {
        "columns": EXPECTED["excel"],
        "encoding": "cp1252",
        "image_list": "delimited",
        "image_delimiter": "|",
        "category_separator": "/",
    }
    assert check.layout.delimiter == ";"
    assert "line 2" in check.layout.evidence["encoding"]
    assert check.trial is not None
    first = check.trial.first[0]
    assert (first["brand"], first["c2_name"], first["attributes"]) == ("Köln", "Grün", '{"Gr\\u00f6\\u00dfe": "0"}')


@pytest.mark.parametrize(
    ("form", "forms"),
    [
        (gzip.compress, ("gzip",)),
        (lambda data: data.decode().encode("utf-16"), ("utf-16",)),
        (lambda data: gzip.compress(data.decode().encode("utf-16")), ("gzip", "utf-16")),
        (lambda data: b"\xef\xbb\xbf" + data, ()),
    ],
    ids=["gzip", "UTF-16", "UTF-16 in gzip", "byte order mark"],
)
def test_a_packed_file_is_looked_into(form, forms) -> None:  # type: ignore[no-untyped-def]
    check = checked(form(google_merchant().encode()))
    assert check.head.forms == forms
    assert columns_by_role(check) == EXPECTED["google_merchant"]
    assert check.trial is not None
    assert check.trial.rows == 24


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.EMPTY_FILE),
        (b" \r\n\t", Code.EMPTY_FILE),
        (bytes(range(256)) * 40, Code.NOT_A_CSV),
        (b"PK\x03\x04" + b"x" * 100, Code.NOT_A_CSV),
        (b'{"products": []}', Code.NOT_A_CSV),
        (gzip.compress(b"id,title\n" * 100)[:-9], Code.NOT_A_CSV),
        ("id,title\n".encode("utf-16-le"), Code.UNSUPPORTED_ENCODING),
    ],
    ids=["nothing", "blanks", "binary", "zip", "JSON", "cut gzip", "UTF-16 without a mark"],
)
def test_what_is_no_csv_is_refused(data: bytes, code: Code) -> None:
    with pytest.raises(DropforgeError) as raised:
        head_of(data)
    assert raised.value.code is code


STRANGE = [
    "x",
    "id",
    "id,title",
    "id\n1\n",
    ",,,\n,,,\n",
    '"',
    'id,"title\n1,2\n',
    "a,a\n1,2\n",
    "id,title\n1\n1,2,3\n",
]


@pytest.mark.parametrize("text", STRANGE, ids=ascii)
def test_a_strange_file_is_told_of_without_an_error(text: str) -> None:
    assert not checked(text).fine


def test_lines_before_the_header_are_found() -> None:
    check = checked(amazon())
    assert check.layout.lines_before == 2
    assert [each.value for each in (*check.proposed.settings, *check.proposed.advice) if "lines" in each.setting] == [2]
    titled = checked(f"Export of our shop\n\n{excel()}")
    assert (titled.layout.lines_before, titled.layout.names[0]) == (2, "Artikel-Nr")


def test_a_line_that_names_the_delimiter_is_taken() -> None:
    check = checked(f"sep=;\n{excel()}")
    assert (check.layout.sep_line, check.layout.delimiter, check.layout.names[0]) == (True, ";", "Artikel-Nr")


def test_a_repeated_header_is_no_line_before_it() -> None:
    header = reference().partition("\n")[0]
    check = checked(f"{header}\n{reference()}")
    assert check.layout.lines_before == 0
    assert check.trial is not None
    assert check.trial.rejects == {"repeated_header": 1}


def test_a_column_that_is_often_blank_is_not_required() -> None:
    rows = (f"P-{row},Pot {row},{'A pot of clay.' * (row % 2)},http://h.example/{row}.png" for row in range(24))
    check = checked(lines_of("sku,title,description,image", *rows))
    assert check.proposed.values["required"] == ["id", "image"]
    (required,) = (each for each in check.proposed.settings if each.setting == "required")
    assert "description is blank in 50% of the rows" in required.evidence


CATALOGUES = Path(__file__).parents[3] / "catalogues"


@pytest.mark.parametrize("file", sorted(CATALOGUES.iterdir()), ids=lambda file: file.stem)
def test_a_shop_s_export_has_its_preset(file: Path) -> None:
    check = checked(file.read_bytes())
    assert check.proposed.values == ({} if file.stem == "flipkart" else {"preset": file.stem})
    assert check.missing == ()
    assert check.trial is not None
    assert set(check.trial.rejects) <= {"missing_value"}


def test_numbered_columns_of_images_are_all_proposed() -> None:
    rows = (
        f"P-{row},Pot {row},A pot of clay.,http://h.example/{row}a.png,http://h.example/{row}b.png" for row in range(24)
    )
    check = checked(lines_of("sku,title,description,Picture 1,Picture 2", *rows))
    assert check.proposed.values["columns"]["image"] == ["Picture 1", "Picture 2"]


def test_several_paths_in_a_cell_are_seen() -> None:
    rows = (
        f'P-{row},Pot {row},A pot of clay.,http://h.example/{row}.png,"Home > Pots, Home > Gifts > Clay"'
        for row in range(24)
    )
    check = checked(lines_of("sku,title,description,image,categories", *rows))
    assert check.proposed.values["category_paths"] == "longest"
    assert check.trial is not None
    assert check.trial.first[0]["c2_name"] == "Clay"


def test_rows_of_one_product_may_share_another_column() -> None:
    rows = (
        f"g{row},S-{row},Pot {row},A pot of clay.,http://h.example/{row}a.png\ng{row},S-{row}-2,,,http://h.example/{row}b.png"
        for row in range(12)
    )
    check = checked(lines_of("group,sku,title,description,image", *rows))
    assert check.proposed.values["rows_per_product"] == "consecutive"
    assert check.proposed.values["group_by"] == "group"
    assert check.trial is not None
    assert (check.trial.rows, check.trial.rejects) == (12, {})


def test_quotes_behind_backslashes_part_the_columns_too() -> None:
    rows = (rf'P-{row},"The \"best\" pot, {row}",A pot of clay.,http://h.example/{row}.png,Pots' for row in range(24))
    check = checked(lines_of("sku,title,description,image,categories", *rows))
    assert check.quoting.startswith("quotes in quoted fields are behind backslashes")
    assert check.columns[1].example == 'The "best" pot, 0'


def test_of_unclear_quoting_each_way_is_tried() -> None:
    """Half of the rows double their quotes, the others have backslashes before them."""
    rows = [f'P-{row},"Pot ""{row}"", red",A pot of clay.,http://h.example/{row}.png,Pots' for row in range(12)]
    rows += [rf'P-{row},"Pot \"{row}\", red",A pot of clay.,http://h.example/{row}.png,Pots' for row in range(12, 24)]
    check = checked(lines_of("sku,title,description,image,categories", *rows))
    (quoting,) = (each for each in check.proposed.advice if each.setting == "quoting")
    assert "doubled with escapes none: 12, backslash with escapes backslash: all" in quoting.evidence[1]
    assert not check.fine


def test_the_one_way_that_reads_an_unclear_file_is_proposed() -> None:
    rows = [rf'P-{row},"Pot \"{row}\", a\\b",A pot.,http://h.example/{row}.png,Pots' for row in range(14)]
    rows += [rf'P-{row},"Pot, C:\pots",A pot.,http://h.example/{row}.png,Pots' for row in range(14, 24)]
    check = checked(lines_of("sku,title,description,image,categories", *rows))
    assert {name: check.proposed.values.get(name) for name in ("quoting", "escapes")} == {
        "quoting": "backslash",
        "escapes": "none",
    }
    assert check.trial is not None
    assert check.trial.rejects == {}


@pytest.mark.parametrize(("start", "end", "said"), [("7,", "", "its first"), ("", ",", "an empty last one")])
def test_a_field_that_the_header_lacks_is_told(start: str, end: str, said: str) -> None:
    rows = (f"{start}P-{row},Pot {row},A pot of clay.,http://h.example/{row}.png,Pots{end}" for row in range(24))
    check = checked(lines_of("sku,title,description,image,categories", *rows))
    assert f"one field more than the header, {said}" in check.quoting
    assert check.trial is not None
    assert check.trial.rejects == {}
    assert check.trial.first[0]["uniq_id"] == "P-0"


def proposals_for(text: str, setting: str) -> list[object]:
    found = checked(text).proposed
    return [each.value for each in (*found.settings, *found.advice) if each.setting == setting]


@pytest.mark.parametrize(
    ("text", "setting", "value"),
    [
        (excel().replace('; ""', '<br>; ""'), "description_format", "html"),
        (google_merchant().replace("cdn.example/", "cdn.example/w_300,h_200/"), "image_list", "auto"),
        (reference().replace('""=>', '"" => '), "specification_format", "ruby_hash"),
        (reference().replace(",Tilia,", r",\N,"), "null_markers", [r"\N"]),
        (reference().replace("Number", "1 >> 2 >> 3 >> 4 >> 5 >> 6 >> 7"), "category_levels", 9),
        (google_merchant().replace("https://cdn.example/", "media/"), "image_base_url", "where the images are"),
    ],
    ids=lambda each: each[:20] if isinstance(each, str) else None,
)
def test_what_the_cells_call_for_is_proposed(text: str, setting: str, value: object) -> None:
    assert proposals_for(text, setting) == [value]
    assert proposals_for(reference(), setting) == []


def test_what_is_in_force_is_not_proposed_again() -> None:
    data = excel().encode("cp1252")
    again = check_head(head_of(data), checked(data).proposed.catalogue)
    assert again.proposed.values == {}


def test_wrong_settings_in_force_are_named() -> None:
    wrong = Catalogue(delimiter=";", category_separator="/")
    values = checked(reference(), wrong).proposed.values
    assert values == {"delimiter": ",", "category_separator": ">>"}


@pytest.mark.parametrize("cell", [" ", ",", "http://a.b,", "a/", "> ", "a:", "<", '\\"', "é", "[", "=>"], ids=ascii)
def test_long_cells_of_any_kind_are_looked_at_in_time(cell: str) -> None:
    """A pattern that takes time in proportion to a cell's square would run for hours."""
    long = (cell * (1 << 18))[: 1 << 18].replace('"', '""')
    rows = "".join(f'{row},{row},"{long}","{long}","{long}","{long}"\n' for row in range(2))
    check = checked(f"uniq_id,product_name,description,image,product_specifications,product_category_tree\n{rows}")
    assert check.trial is not None
    assert check.trial.rows == 2


class TestTrial:
    def test_rejects_are_counted_with_examples(self) -> None:
        lines = reference().splitlines()
        lines[3:3] = ["too,few"] * 5
        trial = checked("\n".join(lines)).trial
        assert trial is not None
        assert (trial.rows, trial.rejects) == (29, {"wrong_field_count": 5})
        assert [(each.row, each.code) for each in trial.examples] == [(row, "wrong_field_count") for row in (3, 4, 5)]
        assert trial.troubles == ("17% of the first 29 rows would be rejects",)

    def test_cells_of_which_nothing_comes_out_are_counted(self) -> None:
        text = reference().replace("=>", ": ").replace("http", "file").replace(">>", "/")
        trial = try_settings(head_of(text.encode()), Catalogue())
        assert trial.unread["specifications"] == 24
        assert "no attribute was found in 24 of 24 rows whose cell is not empty" in trial.troubles

    def test_no_more_than_the_first_ten_thousand_rows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("actors.profiling.trial.ROWS", 10)
        check = checked(reference())
        assert check.trial is not None
        assert check.trial.rows == 10

    def test_a_row_after_one_that_is_too_large_counts(self) -> None:
        lines = reference().splitlines()
        trial = checked("\n".join([*lines[:3], "x" * (5 << 20), *lines[3:]])).trial
        assert trial is not None
        assert (trial.rows, trial.rejects) == (25, {"row_too_large": 1})

    def test_a_row_that_is_cut_off_is_no_reject(self) -> None:
        whole = checked(reference()).head
        cut = HeadText(whole.data[:-60], whole=False, forms=())
        trial = check_head(cut, Catalogue()).trial
        assert trial is not None
        assert (trial.rows, trial.rejects) == (23, {})


def test_no_more_than_the_start_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.profiling.head_text.MOST_BYTES", 2 << 20)
    file = tmp_path / "large.csv"
    file.write_bytes(reference().encode() * 2000)
    with file.open("rb") as content:
        head = read_head_text(content, file.stat().st_size)
        assert not head.whole
        assert content.tell() < 6 << 20
    assert len(head.data) < 4 << 20
