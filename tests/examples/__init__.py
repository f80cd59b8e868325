"""A tutorial: each file shows one thing that Dropforge does, from its imports to the asserted result.

Read them in the order of the README's table. They import what anybody may import, and no name that starts with `_`.
"""
