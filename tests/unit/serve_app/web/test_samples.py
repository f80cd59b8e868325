from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

import pytest
from google.cloud import storage

from actors.model.catalogue import Catalogue
from actors.model.run import Run
from actors.storage.bucket import Bucket
from serve_app.web import samples
from serve_app.web.samples import PRODUCTS, Product, products_of, read_samples, rejects_of
from tests.support.run_samples import manifest_of, part_of, plan_of, run_of
from tests.support.storage_proxy import StorageProxy

COLUMNS = Catalogue().output_columns


def row(id: str, *, name: str = "A shirt", image: str = "", category: str = "Clothing", description: str = "") -> dict:
    known = {"uniq_id": id, "product_name": name, "image_uri": image, "c0_name": category, "description": description}
    return dict.fromkeys(COLUMNS, "") | known


def output(rows: Sequence[dict], *, header: bool = True) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def reasons(*codes: str) -> bytes:
    lines = [{"row": at, "offset": 0, "bytes": 1, "code": code, "detail": "d" * 500} for at, code in enumerate(codes)]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@pytest.fixture
def run(prefix: str) -> Run:
    return run_of(prefix)


def test_a_product_is_a_row_of_the_output(run: Run) -> None:
    image = f"gs://{run.image_bucket}/{run.image_folder}/a_0.jpg"
    data = output([row("a", name='Hat, "red"\nand wide', image=image, description="red hat")])
    assert products_of(data, run, whole=True, header=True) == [
        Product("a", 'Hat, "red"\nand wide', "Clothing", "red hat", "a_0.jpg")
    ]


@pytest.mark.parametrize("image", ["", "gs://other/x_0.jpg", "javascript:alert(1)"])
def test_an_image_elsewhere_is_none(run: Run, image: str) -> None:
    (product,) = products_of(output([row("a", image=image)]), run, whole=True, header=True)
    assert product.image == ""


def test_a_row_that_was_cut_is_left_out(run: Run) -> None:
    data = output([row("a"), row("b", name="With\na line end"), row("c")])
    for cut in range(len(data)):
        found = [product.id for product in products_of(data[:cut], run, whole=False, header=True)]
        assert found == ["a", "b", "c"][: len(found)]
    assert len(products_of(data, run, whole=True, header=True)) == 3


def test_a_reason_that_was_cut_is_left_out() -> None:
    data = reasons("missing_value", "missing_value")
    assert len(list(rejects_of(data, whole=True))) == 2
    assert len(list(rejects_of(data[:-3], whole=False))) == 1


def test_a_finished_run_is_sampled_by_its_manifest(client: storage.Client, work: Bucket, run: Run) -> None:
    generation = work.put(run.output.name, output([row(str(at)) for at in range(99)]), content_type="text/csv")
    work.put(run.reasons.name, reasons(*["missing_value"] * 9, "repeated_header"), content_type="text/plain")
    manifest = manifest_of(run, output_generation=generation, reasons=run.reasons)
    found = read_samples(client, run, manifest, [])
    assert len(found.products) == PRODUCTS
    assert {code: len(found.rejects_of(code)) for code in ("missing_value", "repeated_header", "none")} == {
        "missing_value": 3, "repeated_header": 1, "none": 0,
    }  # fmt: skip
    assert found.trouble == ""


def test_a_run_under_way_is_sampled_by_its_parts(client: storage.Client, work: Bucket, run: Run, prefix: str) -> None:
    work.put(f"{prefix}rows", output([row("a"), row("b")], header=False), content_type="text/csv")
    work.put(f"{prefix}why", reasons("poison_row"), content_type="text/plain")
    parts = [part_of(shard, rows_object=f"{prefix}rows", reasons_object=None) for shard in plan_of([2]).shards]
    parts += [part_of(shard, rows_object=None, reasons_object=f"{prefix}why") for shard in plan_of([1]).shards]
    found = read_samples(client, run, None, parts)
    assert [product.id for product in found.products] == ["a", "b"]
    assert [sample.row for sample in found.rejects_of("poison_row")] == [0]


def test_an_output_that_was_replaced_is_told(client: storage.Client, run: Run) -> None:
    assert "newer drop" in read_samples(client, run, manifest_of(run), []).trouble


def test_of_a_large_output_little_is_read(
    work: Bucket, proxied_client: storage.Client, proxy: StorageProxy, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "_BYTES", 10_000)
    data = output([row(str(at), description="d" * 1000) for at in range(1000)])
    generation = work.put(run.output.name, data, content_type="text/csv")
    found = read_samples(proxied_client, run, manifest_of(run, output_generation=generation), [])
    assert 0 < len(found.products) < 10
    assert len(proxy.calls) == 1
