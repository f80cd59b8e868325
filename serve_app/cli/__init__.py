"""The `dropforge` command. Slow imports (Google's clients, Ray, pandas) happen inside the commands that need them."""

from .group import main

__all__ = ["main"]
