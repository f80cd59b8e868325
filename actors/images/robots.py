"""The `X-Robots-Tag` header, by which a server can forbid the use of its image.

Its syntax is Google's ("Robots meta tag, data-nosnippet, and X-Robots-Tag specifications"); the directives against use
by machines are those that img2dataset respects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

USER_AGENT = "dropforge"


def opted_out(values: Iterable[str], directives: Collection[str]) -> str | None:
    """The first of `directives` in the header's values that applies to everyone or to `USER_AGENT`; else None.

    A value is `directive, directive` or `agent: directive, directive`.
    """
    for value in values:
        agent, colon, rest = value.partition(":")
        if colon and agent.strip().lower() != USER_AGENT:
            continue
        for directive in (rest if colon else value).split(","):
            if directive.strip().lower() in directives:
                return directive.strip().lower()
    return None
