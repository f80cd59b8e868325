"""Reading and writing a catalogue's CSV: what the bytes are, where records end, what a row holds.

Begin with `scan` for shards and `records` for rows. Bytes in, frozen dataclasses out: it imports `model` and of `text`
the measure of effort, neither Ray nor the cloud. Inside this package `import csv` is the standard library's module,
because imports are absolute.
"""
