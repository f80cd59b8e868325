"""States of runs and shards, dead letters and the API's answers, as values.

Begin with `run_state`, which draws the states. It imports `actors.model`, so the command's client reads answers without
Ray and Google's clients.
"""
