"""The language model's inference done anew: tags, labels and lemmas of spans, each computed once.

Begin with `analysis`; `encoder` is the tagger's vectors, `arc_eager` the parser, `lemmas` what follows from both. It
imports no other room: spaCy and numpy are all it needs.
"""
