"""`dropforge status`: shows the application's health, for people and for scripts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from serve_app.cli.screen.terminal import console, print_json

from . import options

if TYPE_CHECKING:
    from rich.console import RenderableType

    from serve_app.model.views import HealthView

DEGRADED = 1
UNREACHABLE = 2


@click.command()
@options.url
@options.as_json
def status(url: str | None, as_json: bool) -> None:
    """Show the health of the deployments and of the services that they depend on.

    Exit codes: 0 healthy, 1 degraded, 2 unreachable, or something else answers at the address.

    \b
    Examples:
      dropforge status
      dropforge status --json | jq .reasons
    """
    from serve_app.cli.client.api import Stranger, Unreachable
    from serve_app.cli.client.target import target

    try:
        view = target(url).api().health()
    except (Unreachable, Stranger) as error:
        error.show()
        sys.exit(UNREACHABLE)
    if as_json:
        print_json(view.model_dump(mode="json"))
    else:
        console().print(health_report(view))
    sys.exit(0 if view.status == "healthy" else DEGRADED)


def health_report(view: HealthView) -> RenderableType:
    from rich.markup import escape

    from serve_app.cli.screen.report import aligned
    from serve_app.model.duration import duration

    colour = "green" if view.status == "healthy" else "yellow"
    lines = {"Dropforge": f"[{colour}]{view.status}[/{colour}], {view.runs_in_flight} runs in progress"}
    if view.last_message_s_ago is not None:
        lines["last drop"] = f"notified {duration(view.last_message_s_ago)} ago"
    for name, deployment in view.deployments.items():
        replicas = ", ".join(f"{count} {state.lower()}" for state, count in deployment.replicas.items() if count)
        lines[name] = f"{deployment.status.lower()}, {replicas or 'no replicas'}"
    for name, dependency in view.dependencies.items():
        said = f"[yellow]{escape(dependency.reason)}[/yellow]" if dependency.reason else "answers"
        if dependency.slowest_s is not None and not dependency.reason:
            said += f", the slowest request of the last minute took {dependency.slowest_s:.2f} s"
        lines[name.replace("_", " ")] = f"{said}, checked {duration(dependency.checked_s_ago)} ago"
    if view.ignored_uploads:
        newest = view.ignored_uploads[0]
        more = f" and {len(view.ignored_uploads) - 1} more" if len(view.ignored_uploads) > 1 else ""
        lines["ignored"] = escape(f"{newest.uri}{more}: the name matches no pattern, so there is no run")
    lines["reasons"] = escape("\n".join(view.reasons))
    return aligned(lines)
