"""The whole run beside the reference's pipeline: rows/s of wall time and CPU seconds, on this machine's cores.

    python -m tests.bench.whole --rows 20000 --baseline-rows 800

The baseline is the reference's pipeline in its plain form: two worker processes, batches of 200 rows, spaCy row by
row with all its components, images by 10 threads with urllib and google-cloud-storage, attributes and categories
on data frames, one `to_csv`. It does without Ray, which would only slow it. It is so much slower that it gets
fewer rows; its figures are per row. Both store into the same local object store, and fetch from an image host
that waits 50 ms before each answer. CPU seconds are those of the workers and of ours, without the local cloud's.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import tempfile
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import spacy
from spacy.language import Language

from tests.support.catalogue import catalogue
from tests.support.system import System, images_at

from .attributes import plain_chunk
from .cpu import CpuSeconds
from .drop import drop, wait
from .images import REFERENCE_THREADS, origin, photo

_BATCH_ROWS = 200
_WORKERS = 2
_DEADLINE_S = 3600.0


@lru_cache
def _language() -> Language:
    """The whole pipeline, loaded once a worker as an actor's constructor does."""
    from actors.text.plain import model

    return spacy.load(model.locate())


def batch(job: tuple[str, str, str]) -> tuple[str, float]:
    """One batch of the baseline: its rows as CSV, and the CPU seconds it took."""
    import urllib.request
    from concurrent.futures import ThreadPoolExecutor

    from actors.storage.bucket import connect
    from actors.text.plain.pipeline import plain_cell

    nlp = _language()
    text, bucket_name, folder = job
    started = time.process_time()
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    bucket = connect().bucket(bucket_name)

    def first_image(row: tuple[str, str]) -> str:
        identity, images = row
        for index, url in enumerate(images.replace("[", "").replace("]", "").replace('"', "").split(",")):
            path = f"{scratch}/{identity}_{index}.jpg"
            try:
                urllib.request.urlretrieve(url.strip(), path)
            except OSError:
                continue
            name = f"{folder}/{identity}_{index}.jpg"
            bucket.blob(name).upload_from_filename(path)
            os.unlink(path)
            return f"gs://{bucket_name}/{name}"
        return ""

    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(REFERENCE_THREADS) as threads:
        uris = list(threads.map(first_image, zip(frame["uniq_id"], frame["image"], strict=True)))
    frame["image_uri"] = uris
    frame["description"] = frame["description"].apply(lambda description: plain_cell(nlp, description))
    columns = {"product_specifications": "specifications", "product_category_tree": "categories"}
    return plain_chunk(frame.rename(columns=columns)).to_csv(index=False), time.process_time() - started


def baseline(content: bytes, bucket: str) -> dict[str, float]:
    frame = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    jobs = [
        (frame[at : at + _BATCH_ROWS].to_csv(index=False), bucket, "baseline")
        for at in range(0, len(frame), _BATCH_ROWS)
    ]
    with multiprocessing.get_context("spawn").Pool(_WORKERS) as workers:
        workers.map(batch, [(frame[:1].to_csv(index=False), bucket, "warm-up")] * _WORKERS, chunksize=1)
        started = time.perf_counter()
        done = workers.map(batch, jobs, chunksize=1)
        seconds = time.perf_counter() - started
    cpu_s = sum(spent for _, spent in done)
    return {"rows": len(frame), "seconds": seconds, "rows_per_s": len(frame) / seconds, "cpu_s": cpu_s}


def ours(system: System, content: bytes) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "whole.csv"
        path.write_bytes(content)
        with CpuSeconds() as cpu:
            started = datetime.now(UTC)
            view = wait(system, drop(system, path), deadline_s=_DEADLINE_S, every_s=2.0)  # as the status page asks
            seconds = (datetime.fromisoformat(view["finished_at"]) - started).total_seconds()
    rows = view["counts"]["rows_out"]
    assert view["state"] == "done", view
    assert view["counts"]["images"] == {"stored": rows}, view["counts"]
    return {
        "rows": rows,
        "seconds": seconds,
        "rows_per_s": rows / seconds,
        "cpu_s": sum(cpu.by_process.values()),
        "cpu_by_process": cpu.by_process,
        "stage_s": view["stage_s"],
        "shards": view["shards"]["planned"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--baseline-rows", type=int, default=800)
    parser.add_argument("--latency-ms", type=int, default=50)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with origin(options.latency_ms, photo(160)) as port, System({"images": images_at(port)}, tell=print) as system:
        url = f"http://127.0.0.1:{port}"
        ours(system, catalogue(200, seed=1, image_url=url))
        us = ours(system, catalogue(options.rows, seed=2, image_url=url))
        them = baseline(catalogue(options.baseline_rows, seed=3, image_url=url), system.settings.output_bucket)
    for name, figures in (("ours", us), ("reference", them)):
        per_1000 = 1000 * figures["cpu_s"] / figures["rows"]
        print(
            f"{name}: {figures['rows']} rows in {figures['seconds']:.1f} s, {figures['rows_per_s']:.0f} rows/s, "
            f"{per_1000:.1f} CPU-s per 1,000 rows"
        )
    faster = us["rows_per_s"] / them["rows_per_s"]
    cheaper = (them["cpu_s"] / them["rows"]) / (us["cpu_s"] / us["rows"])
    print(f"ratio: {faster:.1f} in rows/s, {cheaper:.1f} in CPU-s")
    busy = {name: f"{seconds / us['seconds']:.0%}" for name, seconds in us["cpu_by_process"].items()}
    print("ours, CPU of one core: " + ", ".join(f"{name} {share}" for name, share in busy.items()))
    print("ours, stage seconds: " + ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in us["stage_s"].items()))
    if options.json:
        result = {"bench": "whole", "ours": us, "reference": them, "faster": faster, "cheaper": cheaper}
        options.json.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
