#!/usr/bin/env bash
# With tracing off, reading what is not there costs a thread and a second request, for the bucket, each time.
#
# Run: google-cloud-storage 3.17.1, against a store of this script's own, which has one object and counts.
# One would expect a request per call: ENABLE_GCS_PYTHON_CLIENT_OTEL_TRACES is off by default, no tracer was set up,
# and the bucket's place and project are attributes of spans alone.
# What happens: a client's first call on a bucket starts a thread that gets the whole bucket (storage.buckets.get, which
# roles for objects alone do not include). From then on every download that ends in a 404 starts a thread that asks
# whether the bucket is still there: 10 downloads of a missing object are 20 requests and 10 threads. reload() and
# exists() are spared.
# With DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA=true it is one request each.
# Who meets it: whoever tries to read a marker, a lock or a result that may not be there, as pipelines do: twice the requests, which are billed and
# count towards the bucket's rate, and a bucket.get that audit logs show as denied.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check google-cloud-storage==3.17.1
cat > count.py <<'PY'
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OBJECT = {"name": "there", "bucket": "shop", "generation": "1", "size": "1"}
BUCKET = {"name": "shop", "location": "EU", "projectNumber": "7"}
asked = []


class Store(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.partition("?")[0]
        asked.append("bucket" if path.endswith("/b/shop") else "object")
        found = BUCKET if path.endswith("/b/shop") else OBJECT if path.endswith("/o/there") else None
        body = json.dumps(found or {"error": {"code": 404, "message": "no such object"}}).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


store = ThreadingHTTPServer(("127.0.0.1", 0), Store)
threading.Thread(target=store.serve_forever, daemon=True).start()
os.environ["STORAGE_EMULATOR_HOST"] = f"http://127.0.0.1:{store.server_port}"
begun = []
start = threading.Thread.start


def counted(thread):
    if "BucketMetadata" in getattr(getattr(thread, "_target", None), "__qualname__", ""):
        begun.append(thread)
    start(thread)


threading.Thread.start = counted

from google.api_core.exceptions import NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

bucket = storage.Client("p", credentials=AnonymousCredentials()).bucket("shop")


def calls(name, times, call):
    asked.clear()
    begun.clear()
    for _ in range(times):
        try:
            call(bucket.blob(name))
        except NotFound:
            pass
        for thread in begun:
            thread.join()
    return f"{asked.count('object')} for the object, {asked.count('bucket')} for the bucket, {len(begun)} threads"


print("first call:", calls("there", 1, storage.Blob.exists))
print("there, 10 exists:", calls("there", 10, storage.Blob.exists))
for call in (storage.Blob.reload, storage.Blob.download_as_bytes, storage.Blob.exists):
    print(f"missing, 10 {call.__name__}:", calls("missing", 10, call))
PY
echo "as it comes"
venv/bin/python count.py | tee seen
diff seen - <<'WANTED'
first call: 1 for the object, 1 for the bucket, 1 threads
there, 10 exists: 10 for the object, 0 for the bucket, 0 threads
missing, 10 reload: 10 for the object, 0 for the bucket, 0 threads
missing, 10 download_as_bytes: 10 for the object, 10 for the bucket, 10 threads
missing, 10 exists: 10 for the object, 0 for the bucket, 0 threads
WANTED
echo "with DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA=true"
DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA=true venv/bin/python count.py | tee seen
diff seen - <<'WANTED'
first call: 1 for the object, 0 for the bucket, 0 threads
there, 10 exists: 10 for the object, 0 for the bucket, 0 threads
missing, 10 reload: 10 for the object, 0 for the bucket, 0 threads
missing, 10 download_as_bytes: 10 for the object, 0 for the bucket, 0 threads
missing, 10 exists: 10 for the object, 0 for the bucket, 0 threads
WANTED
echo "as found: a thread and a request for the bucket behind each 404"
