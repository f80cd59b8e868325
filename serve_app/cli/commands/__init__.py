"""One module a command: its options, its help, and the order of what it does.

Begin with `drop`. It imports the other rooms of the command, `config` and `doctor`; `up`, `demo` and `doctor` also
`infra.local`, inside their functions.
"""
