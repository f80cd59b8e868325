"""Reads and writes a catalogue's CSV: what kind of file it is, where records end, what a row contains.

Begin with `scan` for shards and `records` for rows. Pure code, without Ray and the cloud: it imports `model`, and from
`text` how long a description would take. Inside this package `import csv` is the standard library's module, because
imports are absolute.
"""
