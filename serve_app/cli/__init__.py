"""`dropforge`, the command. Its modules import what is slow (Google's clients, Ray) inside the commands only.

Begin with `group`, which lists the commands. It imports `commands` and `screen`; nothing imports the command.
"""

from .group import main

__all__ = ["main"]
