from __future__ import annotations

import pytest

from actors.errors import Code, DropforgeError
from actors.images.names import RowKey, image_name
from actors.model.catalogue import AttributeColumnPairs, Catalogue, Columns
from actors.model.drop import Drop
from actors.text.plain.settings import TextSettings
from serve_app.app import build
from serve_app.config.serve_config import checked_settings
from serve_app.config.settings import Settings

GENERATION = 1795545040476297


def test_the_environment_goes_before_the_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPFORGE_SHARD_ROWS", "7")
    monkeypatch.setenv("DROPFORGE_CATALOGUE__COLUMNS__ID", "sku")
    given = {"shard_rows": 9, "shard_bytes": 11, "catalogue": {"columns": {"id": "code", "name": "title"}}}
    settings = checked_settings(given)
    assert (settings.shard_rows, settings.shard_bytes) == (7, 11)
    assert settings.catalogue.columns == Columns(id="sku", name="title")


def test_a_role_can_be_given_several_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPFORGE_CATALOGUE__COLUMNS__IMAGE", '["main", "Image *"]')
    monkeypatch.setenv("DROPFORGE_CATALOGUE__COLUMNS__DESCRIPTION", "Text *")
    pairs = {"names": "Attribute * name", "values": "Attribute * value(s)"}
    columns = checked_settings({"catalogue": {"columns": {"specifications": pairs}}}).catalogue.columns
    assert (columns.image, columns.description) == (("main", "Image *"), "Text *")
    assert columns.specifications == AttributeColumnPairs(**pairs)


@pytest.mark.parametrize("by", ["environment", "arguments"])
def test_the_text_engine_can_be_chosen(monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    assert checked_settings({}).text.engine == "fast"
    args: dict = {}
    if by == "environment":
        monkeypatch.setenv("DROPFORGE_TEXT__ENGINE", "spacy")
    else:
        args = {"text": {"engine": "spacy"}}
    assert checked_settings(args).text == TextSettings(engine="spacy")


@pytest.mark.parametrize("by", ["environment", "arguments"])
def test_a_setting_within_others_leaves_them_at_their_defaults(monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    args: dict = {}
    if by == "environment":
        monkeypatch.setenv("DROPFORGE_IMAGES__FETCH_RETRY__ATTEMPTS", "9")
    else:
        args = {"images": {"fetch_retry": {"attempts": 9}}}
    retry = checked_settings(args).images.fetch_retry
    assert retry == Settings().images.fetch_retry.model_copy(update={"attempts": 9})


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DROPFORGE_SHARD_ROWS", "many", "args.shard_rows: "),
        ("DROPFORGE_TEXT__ENGINE", "slow", "args.text.engine: "),
        ("DROPFORGE_CATALOGUE__COLUMNS__IDENT", "sku", "args.catalogue.columns.ident: "),
    ],
)
def test_a_wrong_variable_is_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(DropforgeError) as raised:
        checked_settings({})
    assert raised.value.code is Code.BAD_SETTINGS
    assert raised.value.message.startswith(told)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ({"shard_row": 5}, "args: unknown name 'shard_row'; did you mean 'shard_rows'?"),
        ({"catalog": {}}, "args: unknown name 'catalog'; did you mean 'catalogue'?"),
        ({"catalogue": {"delimeter": ";"}}, "args.catalogue: unknown name 'delimeter'; did you mean 'delimiter'?"),
        (
            {"catalogue": {"columns": {"category": "x"}}},
            "args.catalogue.columns: unknown name 'category'; did you mean 'categories'?",
        ),
        ({"images": {"fetch_retry": {"attemps": 2}}}, "args.images.fetch_retry: unknown name 'attemps'; did you mean"),
        ({"zzz": 1}, "args: unknown name 'zzz'; the known names are adopt_every_s, api_token, "),
    ],
    ids=str,
)
def test_an_unknown_name_is_told_with_the_nearest(args: dict, told: str) -> None:
    with pytest.raises(DropforgeError) as raised:
        checked_settings(args)
    assert raised.value.code is Code.BAD_SETTINGS
    assert raised.value.message.startswith(told)


def test_every_fault_is_told() -> None:
    with pytest.raises(DropforgeError) as raised:
        checked_settings({"shard_row": 5, "catalogue": {"delimeter": ";"}})
    assert len(raised.value.message.splitlines()) == 2


@pytest.mark.parametrize("value", [0, "many", None])
def test_a_wrong_value_is_told(value: object) -> None:
    with pytest.raises(DropforgeError, match="shard_rows: ") as raised:
        checked_settings({"shard_rows": value})
    assert raised.value.code is Code.BAD_SETTINGS


TOKEN = "correct-horse-battery-staple"


@pytest.mark.parametrize("given", [TOKEN, f"{TOKEN}\n", f" {TOKEN}\r\n"])
def test_a_token_of_the_environment_loses_its_line_end(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("DROPFORGE_API_TOKEN", given)
    assert checked_settings({}).api_token.get_secret_value() == TOKEN


@pytest.mark.parametrize(
    "given", ["short", "fifteen-letters", "with a blank in the middle", "größer-als-sechzehn", "a" * 15]
)
def test_a_token_unfit_to_send_or_easy_to_guess_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("DROPFORGE_API_TOKEN", given)
    with pytest.raises(DropforgeError, match=r"args\.api_token: .*openssl") as raised:
        checked_settings({})
    assert raised.value.code is Code.BAD_SETTINGS
    assert given not in raised.value.message


def test_a_token_in_a_file_that_the_dashboard_shows_is_refused() -> None:
    with pytest.raises(DropforgeError, match="DROPFORGE_API_TOKEN") as raised:
        checked_settings({"api_token": TOKEN})
    assert TOKEN not in raised.value.message


def test_the_token_is_in_no_form_of_the_settings_nor_in_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPFORGE_API_TOKEN", TOKEN)
    settings = checked_settings({})
    run = settings.run_for(Drop("dropforge-in", "in/a.csv", 5))
    forms = (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump(mode="json")))
    assert all(TOKEN not in form for form in (*forms, repr(run), run.model_dump_json()))


@pytest.mark.parametrize(
    "given", [{"push_audience": "https://a.example"}, {"push_service_account": "a@b.example"}], ids=str
)
def test_half_of_what_a_push_is_checked_by_is_refused(given: dict) -> None:
    with pytest.raises(DropforgeError, match="belong together"):
        checked_settings(given)


def test_an_application_without_a_token_is_not_built() -> None:
    with pytest.raises(DropforgeError, match="DROPFORGE_API_TOKEN") as raised:
        build({})
    assert raised.value.code is Code.BAD_SETTINGS


ONE_BUCKET = {"source_bucket": "shop", "output_bucket": "shop", "watched_prefix": "in/"}


@pytest.mark.parametrize("written", ["output_prefix", "rejects_prefix", "work_prefix", "image_folder"])
@pytest.mark.parametrize("prefix", ["in/", "in/done/", "", "i"])
def test_what_is_written_may_not_be_watched(written: str, prefix: str) -> None:
    with pytest.raises(
        DropforgeError, match=f"args: .*{written} '{prefix}' and watched_prefix 'in/' overlap"
    ) as raised:
        checked_settings({**ONE_BUCKET, written: prefix})
    assert raised.value.code is Code.BAD_SETTINGS


@pytest.mark.parametrize(
    "args",
    [
        {**ONE_BUCKET, "image_folder": "{path}/images"},
        {**ONE_BUCKET, "image_folder": "in/{run}"},
        {**ONE_BUCKET, "watched_prefix": ""},
        {"source_bucket": "shop", "work_bucket": "shop", "work_prefix": "in/work/"},
    ],
    ids=str,
)
def test_neither_a_template_nor_another_bucket_hides_an_overlap(args: dict) -> None:
    with pytest.raises(DropforgeError, match="overlap"):
        checked_settings(args)


@pytest.mark.parametrize(
    "args",
    [
        ONE_BUCKET,
        {"source_bucket": "a", "output_bucket": "b", "watched_prefix": "", "output_prefix": ""},
        {**ONE_BUCKET, "output_prefix": "in-done/"},
        {**ONE_BUCKET, "work_bucket": "records", "work_prefix": "in/"},
    ],
    ids=str,
)
def test_what_is_apart_is_no_overlap(args: dict) -> None:
    checked_settings(args)


@pytest.mark.parametrize(
    "folder", ["images/{generation}/{shop}", "images/{0}", "images/{", "images/{path.upper}", "{path!r}"]
)
def test_an_image_folder_unfit_to_fill_in_is_refused(folder: str) -> None:
    with pytest.raises(DropforgeError, match=r"args\.image_folder: .* is not a valid template") as raised:
        checked_settings({"image_folder": folder})
    assert raised.value.code is Code.BAD_SETTINGS


@pytest.mark.parametrize(
    ("name", "output", "rejects", "folder"),
    [
        ("in/a.csv", "processed/a.csv", "rejects/a.5.csv", "images/a/5"),
        ("in/a.CSV", "processed/a.csv", "rejects/a.5.csv", "images/a/5"),
        ("in/a", "processed/a.csv", "rejects/a.5.csv", "images/a/5"),
        ("in/a.txt", "processed/a.txt.csv", "rejects/a.txt.5.csv", "images/a.txt/5"),
        ("in/a.tsv", "processed/a.tsv.csv", "rejects/a.tsv.5.csv", "images/a.tsv/5"),
        ("in/a.tsv.gz", "processed/a.tsv.gz.csv", "rejects/a.tsv.gz.5.csv", "images/a.tsv.gz/5"),
        ("in/a.csv.csv", "processed/a.csv.csv", "rejects/a.csv.5.csv", "images/a.csv/5"),
        ("in/2026/06/a b.csv", "processed/2026/06/a b.csv", "rejects/2026/06/a b.5.csv", "images/2026/06/a b/5"),
        ("in/katalog-größe-目录.csv", "processed/katalog-größe-目录.csv", None, "images/katalog-größe-目录/5"),
        ("in/{run}.csv", "processed/{run}.csv", "rejects/{run}.5.csv", "images/{run}/5"),
        ("in/v1.2/list", "processed/v1.2/list.csv", "rejects/v1.2/list.5.csv", "images/v1.2/list/5"),
        ("in/a.csv.gz", "processed/a.csv.gz.csv", "rejects/a.csv.gz.5.csv", "images/a.csv.gz/5"),
        ("in/Shoes.CSV", "processed/Shoes.csv", "rejects/Shoes.5.csv", "images/Shoes/5"),
        ("in/Shoes.csv.GZ", "processed/Shoes.csv.GZ.csv", "rejects/Shoes.csv.GZ.5.csv", "images/Shoes.csv.GZ/5"),
        ("in/a%2Fb.csv", "processed/a%2Fb.csv", "rejects/a%2Fb.5.csv", "images/a%2Fb/5"),
        ("in/.csv", "processed/.csv.csv", "rejects/.csv.5.csv", "images/.csv/5"),
        ("in/.hidden.csv", "processed/.hidden.csv", "rejects/.hidden.5.csv", "images/.hidden/5"),
        ("in/..csv", "processed/..csv.csv", "rejects/..csv.5.csv", "images/..csv/5"),
        ("in/../a.csv", "processed/%2E%2E/a.csv", "rejects/%2E%2E/a.5.csv", "images/%2E%2E/a/5"),
        ("in/./...csv", "processed/%2E/...csv.csv", "rejects/%2E/...csv.5.csv", "images/%2E/...csv/5"),
        ("in//a.csv", "processed//a.csv", "rejects//a.5.csv", "images//a/5"),
        ("in/ a .csv", "processed/ a .csv", "rejects/ a .5.csv", "images/ a /5"),
        ("in/=a,\"b'#?&\t.csv", "processed/=a,\"b'#?&\t.csv", None, "images/=a,\"b'#?&\t/5"),
    ],
)
def test_names_follow_the_drop_s(name: str, output: str, rejects: str | None, folder: str) -> None:
    run = Settings().run_for(Drop("dropforge-in", name, 5))
    assert (run.output.bucket, run.output.name) == ("dropforge-out", output)
    assert rejects is None or run.rejects.name == rejects
    assert run.reasons.name == run.rejects.name.removesuffix(".csv") + ".jsonl"
    assert run.failed_urls.name == run.rejects.name.removesuffix(".csv") + ".failures.jsonl"
    assert (run.image_bucket, run.image_folder) == ("dropforge-out", folder)


LONGEST = 1024 - len("in/.csv")


@pytest.mark.parametrize("letter", ["a", "ä", "目", "👟", "a/"])
def test_names_of_the_longest_drops_fit_and_stay_apart(letter: str) -> None:
    settings = Settings()
    stem = letter * (LONGEST // len(letter.encode()))
    runs = [settings.run_for(Drop("dropforge-in", f"in/{name}.csv", 10**18)) for name in (stem, stem[:-1] + "x")]
    assert settings.watches("dropforge-in", runs[0].drop.object)
    for run in runs:
        image = f"{run.image_folder}/{image_name(RowKey('x' * 500, 10**9), 10**8, 'webp')}"
        for name in (run.output.name, run.rejects.name, run.reasons.name, run.failed_urls.name, image):
            assert len(name.encode()) <= 1024
        assert run.output.name.startswith(f"processed/{letter}")
    assert len({name for run in runs for name in (run.output.name, run.rejects.name, run.image_folder)}) == 6


@pytest.mark.parametrize("name", ["output_prefix", "rejects_prefix", "image_folder", "work_prefix"])
def test_a_prefix_that_leaves_no_room_is_refused(name: str) -> None:
    prefix = "ä" * 500 + "/"
    given = prefix + "{path}/{generation}" if name == "image_folder" else prefix
    with pytest.raises(DropforgeError, match=f"{name} makes object names of up to") as raised:
        checked_settings({name: given})
    assert raised.value.code is Code.BAD_SETTINGS


@pytest.mark.parametrize(
    ("template", "folder"),
    [
        ("images/{path}/{generation}", f"images/june/a/{GENERATION}"),
        ("{run}", "RUN"),
        ("flipkart_images", "flipkart_images"),
        ("/images/{path}/", "images/june/a"),
    ],
)
def test_the_image_folder_s_template(template: str, folder: str) -> None:
    drop = Drop("dropforge-in", "in/june/a.csv", GENERATION)
    run = Settings(image_folder=template).run_for(drop)
    assert run.image_folder == folder.replace("RUN", drop.run_id)


def test_a_run_keeps_the_settings_it_was_accepted_with() -> None:
    catalogue = Catalogue(delimiter=";", category_levels=3)
    settings = Settings(
        catalogue=catalogue, fetch_images=False, shard_rows=3, shard_bytes=4, work_bucket="records", work_prefix="w/"
    )
    run = settings.run_for(Drop("dropforge-in", "in/a.csv", 5), trace="abc")
    assert (run.catalogue, run.fetch_images, run.shard_rows, run.shard_bytes) == (catalogue, False, 3, 4)
    assert (run.work_bucket, run.work_prefix, run.trace) == ("records", "w/", "abc")
    assert Settings().run_for(run.drop).work_bucket == "dropforge-out"


SHOPS = {
    "catalogue": {"columns": {"id": "code"}},
    "catalogues": [
        {"name": "shop-a", "pattern": "shop-a/*", "preset": "shopify", "catalogue": {"category_levels": 3}},
        {"name": "feeds", "pattern": "*.tsv", "preset": "google-merchant"},
        {"name": "own", "pattern": "shop-b/*.csv", "catalogue": {"columns": {"id": "Artikel"}}},
    ],
}


@pytest.mark.parametrize(
    ("drop", "name", "id_column"),
    [
        ("in/shop-a/2026-05.csv", "shop-a", "Handle"),
        ("in/shop-a/deep/er.tsv", "shop-a", "Handle"),
        ("in/feed.tsv", "feeds", "id"),
        ("in/shop-b/x.csv", "own", "Artikel"),
        ("in/shop-b/x.csv.gz", "default", "code"),
        ("in/catalogue.csv", "default", "code"),
    ],
)
def test_the_first_pattern_that_matches_is_a_drop_s_catalogue(drop: str, name: str, id_column: str) -> None:
    run = checked_settings(SHOPS).run_for(Drop("dropforge-in", drop, GENERATION))
    assert (run.catalogue_name, run.catalogue.columns.id) == (name, id_column)
    assert run.catalogue.category_levels == (3 if name == "shop-a" else 8)


def test_catalogues_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPFORGE_CATALOGUES", '[{"name": "a", "pattern": "a*", "preset": "etsy"}]')
    assert checked_settings({}).catalogue_of("in/a.csv")[1].columns.name == "TITLE"


@pytest.mark.parametrize(
    ("one", "told"),
    [
        ({"name": "a"}, "args.catalogues.0.pattern: Field required"),
        ({"name": "a/b", "pattern": "*"}, "args.catalogues.0.name: "),
        ({"name": "a", "pattern": "*", "catalog": {}}, "args.catalogues[a]: unknown name 'catalog'; did you mean"),
        (
            {"name": "a", "pattern": "*", "catalogue": {"delimeter": ";"}},
            "args.catalogues[a].catalogue: unknown name 'delimeter'; did you mean 'delimiter'?",
        ),
        ({"name": "a", "pattern": "*", "preset": "etzy"}, "args.catalogues.0.catalogue: Value error, there is no pre"),
        (
            {"name": "a", "pattern": "*", "preset": "etsy", "catalogue": {"preset": "magento"}},
            "args.catalogues.0: Value error, preset 'etsy' and catalogue.preset 'magento' differ",
        ),
        ({"name": "default", "pattern": "*"}, "args: Value error, catalogues: the name 'default' is taken"),
    ],
    ids=str,
)
def test_a_faulty_catalogue_is_told(one: dict, told: str) -> None:
    with pytest.raises(DropforgeError) as raised:
        checked_settings({"catalogues": [one]})
    assert raised.value.code is Code.BAD_SETTINGS
    assert raised.value.message.startswith(told)


def test_a_catalogue_that_would_never_be_used_is_refused() -> None:
    given = [{"name": "a", "pattern": "*.csv"}, {"name": "b", "pattern": "*.csv"}]
    with pytest.raises(DropforgeError, match="'a' and 'b' have the same pattern"):
        checked_settings({"catalogues": given})


@pytest.mark.parametrize(
    ("patterns", "extensions"),
    [
        (Settings().object_patterns, (".csv", ".gz", ".tsv", ".txt")),
        (("shop-*/*.CSV",), (".CSV",)),
        (("*.csv", "*"), ()),
        (("*.csv", "*.ts?"), ()),
    ],
)
def test_the_extensions_of_drops_are_those_of_the_patterns(
    patterns: tuple[str, ...], extensions: tuple[str, ...]
) -> None:
    assert Settings(object_patterns=patterns).extensions == extensions


def test_variants_without_products_of_several_rows_are_refused() -> None:
    with pytest.raises(DropforgeError, match="variant_columns needs rows_per_product to be consecutive"):
        checked_settings({"catalogue": {"variant_columns": ["Size"]}})
