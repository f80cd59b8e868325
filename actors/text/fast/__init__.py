"""Our own inference of the language model: tags, dependency labels and lemmas, each distinct span computed once.

Begin with `analysis`. `encoder` computes vectors and tags, `arc_eager` is the parser, `lemmas` follows from both. This
package imports `plain` only, and needs spaCy and numpy.
"""
