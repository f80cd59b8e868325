"""Whether a server asks that its image be left alone: the `X-Robots-Tag` header.

Its form is Google's ("Robots meta tag, data-nosnippet, and X-Robots-Tag specifications"), the directives against use by
machines are those that img2dataset honours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

USER_AGENT = "dropforge"


def opted_out(values: Iterable[str], directives: Collection[str]) -> str | None:
    """The first of `directives` that a header's values have for everybody, or for `USER_AGENT`; None without one.

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
