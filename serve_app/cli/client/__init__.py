"""What a command talks to: a running application's API, and the bucket that a file is uploaded to.

Begin with `target`, which finds both. This package imports `screen`, `config` and values, and the code of `actors` that
checks a file before it is uploaded.
"""
