"""The heart of the application: drops are accepted, and one owner at a time drives each run through the stages.

Begin with `run_driver`, which drives one run; `run_supervisor` is above it, `run_attempt` and `stage_call` below. It
imports values, `config`, `pubsub`, `monitoring` and the records of `actors.storage`, never the web or the command.
"""
