"""The images of a shard's rows: downloaded from untrusted servers, checked, and stored in the bucket.

Begin with `stage`. `download` fetches, `guard` decides which addresses are allowed, `decode` checks, `upload` stores.
This package imports `model` only, and not Ray.
"""
