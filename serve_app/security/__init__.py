"""Who may call what: the API's token, sessions of browsers, ID tokens that Google has signed, bounds on requests.

Begin with `access`, which has the rules. It imports `config` and values; it knows no run.
"""
