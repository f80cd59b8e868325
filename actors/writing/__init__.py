"""From parts to the output: a tree of server-side compositions, published under one precondition.

Begin with `assembly`. It imports `csv`, `model` and `storage`.
"""
