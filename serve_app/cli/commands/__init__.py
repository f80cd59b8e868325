"""One module for each command, with its options, its help and its steps.

Begin with `drop`. This package imports the other packages of `cli`, `config`, `doctor` and values. `up`, `demo` and
`doctor` also import `infra.local`, inside their functions.
"""
