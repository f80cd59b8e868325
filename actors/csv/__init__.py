"""Reading and writing a catalogue's CSV: what the bytes are, where records end, what a row holds.

Bytes in, frozen dataclasses out; nothing here imports Ray or the cloud. Inside this package `import csv` is
the standard library's module, because imports are absolute.
"""
