"""Renders templates to pages. Every value is escaped, because most are text from untrusted files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from serve_app.model.duration import duration
from serve_app.model.ranking import largest_first
from serve_app.model.views import RunView

from .form import query
from .static import VERSION

STALE_AFTER_S = 10
"""Age in seconds from which the page marks its data as out of date."""

_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'{storage}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_SIZES = ("B", "kB", "MB", "GB", "TB")


def html_page(
    template: str,
    *,
    root: str,
    status: int = 200,
    storage_origin: str = "",
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """The response for a template.

    `root` is the path at which the application is mounted. `storage_origin` is the one other origin that the page's
    script may send requests to. `values` are the template's variables.
    """
    text = _ENVIRONMENT.get_template(template).render(root=root, now=datetime.now(UTC), **values)
    policy = _CONTENT_POLICY.format(storage=f" {storage_origin}" if storage_origin else "")
    return HTMLResponse(
        text.encode("utf-8", "backslashreplace").decode(),
        status_code=status,
        headers={**_HEADERS, "Content-Security-Policy": policy, **(headers or {})},
    )


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _about(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else duration(seconds)


def _size(value: float) -> str:
    for unit in _SIZES[:-1]:
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} {_SIZES[-1]}"


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _shards_said(view: RunView) -> str:
    """The strip of shard cells as text, for screen readers."""
    shards = view.shards
    known = f"{shards.planned}" if shards.plan_complete else f"{shards.planned} known so far"
    waiting = max(0, shards.planned - shards.done - shards.failed - shards.in_flight)
    numbers = {"done": shards.done, "active": shards.in_flight, "failed": shards.failed, "waiting": waiting}
    return f"{known} shards: " + ", ".join(f"{number} {name}" for name, number in numbers.items() if number)


_ENVIRONMENT = Environment(
    loader=PackageLoader("serve_app.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    number=_number, about=_about, size=_size, clock=_clock, duration=duration, words=_words, by_size=largest_first,
    shards_said=_shards_said, query=query,
)  # fmt: skip
_ENVIRONMENT.globals.update(version=VERSION, stale_after_s=STALE_AFTER_S)
