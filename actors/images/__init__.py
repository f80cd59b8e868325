"""Images of a shard's rows: fetched from strangers' servers, checked, and stored in the bucket.

Begin with `stage`; `download` fetches, `guard` says from where, `decode` checks, `upload` stores. It imports `model`
alone and does not know Ray.
"""
