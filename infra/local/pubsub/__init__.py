"""A Pub/Sub server for this machine: google.pubsub.v1 over gRPC, used through the unmodified Google clients.

    python -m infra.local.pubsub --host 127.0.0.1 --port 8085 --state .dropforge/pubsub

Begin with `server`, then `broker`. This package imports `actors.errors` only. Everything runs on one asyncio thread, so
no module here takes a lock. `infra/local/README.md` has a table of the differences from Google's service. A feature
that the server lacks is refused as UNIMPLEMENTED, never ignored.
"""
