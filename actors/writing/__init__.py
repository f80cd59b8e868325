"""From finished shards to the output: parts, server-side compositions, and publication under a precondition.

Begin with `assembly`. This package imports `csv`, `model`, `reading` and `storage`.
"""
