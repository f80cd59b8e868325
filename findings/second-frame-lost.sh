#!/usr/bin/env bash
# A compressed catalogue in several frames ends after the first one, without an error.
#
# Run: daft 0.7.26, polars 2.1.0, httpx 0.28.1, requests 2.34.2, zstandard 0.25.0.
# A zstd, bzip2, xz or gzip file may be several frames behind each other, and means their contents behind each other:
# RFC 8878 section 3, RFC 1952 section 2.2, bzip2(1), the .xz format's section 2. pzstd, pbzip2, bgzip, `cat a.zst
# b.zst`, a compressed log that is appended to, and compose of Cloud Storage make them.
# One would expect all rows, or an error.
# What happens: daft reads all 3,000 rows from .csv.gz, but 1,000 of 3,000 from .csv.zst, .csv.bz2 and .csv.xz.
# polars reads all 3,000 from the same .csv.zst. httpx ends a gzip response of two members after the first
# (1,000 of 3,000 bytes, status 200), which requests reads whole; a zstd response of two frames httpx reads whole too.
# Who meets it: whoever hands on a catalogue that was compressed by one of these or put together from compressed parts.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check \
    daft==0.7.26 polars==2.1.0 "httpx[zstd]==0.28.1" requests==2.34.2 zstandard==0.25.0
cat > look.py <<'PY'
import bz2
import gzip
import lzma
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import daft
import httpx
import polars
import requests
import zstandard

COMPRESS = {"gz": gzip.compress, "zst": zstandard.compress, "bz2": bz2.compress, "xz": lzma.compress}
lines = ["id,name\n", *(f"{n},row {n}\n" for n in range(3000))]
texts = ["".join(lines[:1001]), "".join(lines[1001:])]
seen = {}
for ext, compress in COMPRESS.items():
    with open(f"catalogue.csv.{ext}", "wb") as file:
        file.write(b"".join(compress(text.encode()) for text in texts))
    seen[f"daft .{ext}"] = daft.read_csv(f"catalogue.csv.{ext}").count_rows()
seen["polars .zst"] = polars.read_csv("catalogue.csv.zst").height

BODIES = {
    "gzip": gzip.compress(b"A" * 1000) + gzip.compress(b"B" * 2000),
    "zstd": zstandard.compress(b"A" * 1000) + zstandard.compress(b"B" * 2000),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = BODIES[self.path[1:]]
        self.send_response(200)
        self.send_header("Content-Encoding", self.path[1:])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
for coding in BODIES:
    url = f"http://127.0.0.1:{server.server_port}/{coding}"
    for client in (httpx, requests) if coding == "gzip" else (httpx,):
        answer = client.get(url)
        seen[f"{client.__name__} {coding}"] = f"{answer.status_code}, {len(answer.content)} bytes"
server.shutdown()

WANTED = {
    "daft .gz": 3000,
    "daft .zst": 1000,
    "daft .bz2": 1000,
    "daft .xz": 1000,
    "polars .zst": 3000,
    "httpx gzip": "200, 1000 bytes",
    "requests gzip": "200, 3000 bytes",
    "httpx zstd": "200, 3000 bytes",
}
for name, value in seen.items():
    print(f"{name:14} {value}")
assert seen == WANTED, {name: value for name, value in seen.items() if WANTED[name] != value}
print("as found: daft and httpx end at the first frame, silently")
PY
venv/bin/python look.py
