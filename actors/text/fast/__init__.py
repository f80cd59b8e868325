"""Our own inference of the language model: tags, dependency labels and lemmas, each distinct span computed once.

Begin with `analysis`. `encoder` computes vectors and tags, `arc_eager` is the parser, `lemmas` follows from both. This
package imports no other: it needs spaCy and numpy only.
"""
