"""The `dropforge` command. Slow imports (Google's clients, Ray, pandas) happen inside the commands that need them.

Begin with `group`, which lists the commands. This package imports `commands` and `screen`; nothing imports it.
"""

from .group import main

__all__ = ["main"]
