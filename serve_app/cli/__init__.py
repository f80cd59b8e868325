"""`dropforge`, the command. Its modules import what is slow (Google's clients, Ray) inside the commands only."""

from .group import main

__all__ = ["main"]
