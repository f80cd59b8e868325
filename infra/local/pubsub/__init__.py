"""A Pub/Sub server for this machine: google.pubsub.v1 over gRPC, spoken to by the unmodified Google clients.

    python -m infra.local.pubsub --host 127.0.0.1 --port 8085 --state .dropforge/pubsub

Begin with `server`, then `broker`. Of ours it imports the errors alone. Everything runs on one asyncio thread, so no
module here takes a lock. What differs from Google's service is the table in `infra/local/README.md`; a feature the
server lacks is refused as UNIMPLEMENTED, never ignored.
"""
