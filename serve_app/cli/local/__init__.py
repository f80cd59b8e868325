"""The whole system on this machine, and a trial drop through it: what `up`, `demo` and the tests start.

Begin with `local_system`. It is the one room that imports `infra.local` and the application together.
"""
