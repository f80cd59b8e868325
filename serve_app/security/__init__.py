"""Who may call what: the API token, browser sessions, ID tokens signed by Google, and limits on requests.

Begin with `access`, which has the rules. This package imports `config` and values, and nothing about runs.
"""
