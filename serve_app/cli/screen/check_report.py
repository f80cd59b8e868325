"""What was found out about a file, for a terminal and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import yaml
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from actors.profiling.check import Check
from actors.profiling.proposal import Proposal
from actors.profiling.trial import Trial
from serve_app.model.ranking import largest_first

from .report import aligned
from .terminal import printable

_SHOWN = 60
_WIDTH = 110


def settings_yaml(check: Check) -> str:
    """The settings to paste below an application's `args` in serve_config.yaml, with the evidence as comments."""
    lines: list[str] = []
    for proposal in check.proposed.settings:
        for part in proposal.evidence:
            # A cell may have line ends of any kind, which must not end the comment.
            said = printable(" ".join(f"{proposal.setting}: {part}".split()))
            lines += textwrap.wrap(said, _WIDTH, initial_indent="# ", subsequent_indent="#   ")
    values = {"catalogue": check.proposed.values}
    return "\n".join([*lines, yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=_WIDTH)])


def check_json(check: Check) -> dict[str, Any]:
    layout, trial = check.layout, check.trial
    return {
        "fine": check.fine,
        "file": {
            "forms": list(check.head.forms),
            "encoding": layout.encoding,
            "delimiter": layout.delimiter,
            "lines_before_header": layout.lines_before,
            "header": list(layout.names),
            "quoting": check.quoting,
            "evidence": layout.evidence,
        },
        "columns": [
            {
                "name": column.name,
                "looks": column.looks,
                "share": round(column.share, 4),
                "distinct": round(column.distinct, 4),
                "blank": round(column.blank, 4),
                "example": column.example,
            }
            for column in check.columns
        ],
        "roles": {
            role: {"column": found.column.name, "evidence": found.evidence} for role, found in check.roles.items()
        },
        "missing_roles": list(check.missing),
        "settings": check.proposed.values,
        "evidence": {each.setting: list(each.evidence) for each in check.proposed.settings},
        "advice": [proposal_json(each) for each in check.proposed.advice],
        "refusal": check.refusal.model_dump() if check.refusal else None,
        "trial": trial_json(trial) if trial else None,
    }


def trial_json(trial: Trial) -> dict[str, Any]:
    return {
        "rows": trial.rows,
        "rejects": dict(trial.rejects),
        "examples": [{"row": each.row, "code": each.code, "detail": each.detail} for each in trial.examples],
        "unread": dict(trial.unread),
        "troubles": list(trial.troubles),
        "first_rows": [dict(row) for row in trial.first],
    }


def check_report(check: Check) -> Iterator[RenderableType]:
    layout = check.layout
    yield aligned(
        {
            "packed in": ", ".join(check.head.forms),
            "encoding": escape(f"{layout.encoding}: {layout.evidence['encoding']}"),
            "delimiter": escape(f"{layout.delimiter_name}: {layout.evidence['delimiter']}"),
            "quoting": escape(check.quoting),
            "header": escape(layout.evidence["header"]),
        }
    )
    yield ""
    yield _columns_table(check)
    if check.missing:
        yield escape(f"\nNo column was found for {', '.join(check.missing)}.")
    for proposal in check.proposed.advice:
        yield f"\nTo decide: {proposal_lines([proposal])}"
    if check.refusal:
        yield escape(f"\nA run of it would be refused: {check.refusal.code}: {check.refusal.message}")
    if check.trial:
        yield ""
        yield aligned({**trial_lines(check.trial), "amiss": "\n".join(check.trial.troubles)})
        if check.trial.first:
            yield "\nThe first rows as they would come out; no image was fetched, and image_uri is the first URL"
            yield first_rows_table(check.trial.first)


def trial_lines(trial: Trial) -> Mapping[str, str]:
    rejected = sum(trial.rejects.values())
    added = " + ".join(f"{number} {code}" for code, number in largest_first(trial.rejects))
    return {
        "rows": f"{trial.rows - rejected} of the first {trial.rows} would be in the output",
        "rejects": f"{rejected} = {added}" if rejected else "",
        "such as": escape("\n".join(f"row {each.row}: {each.code}: {each.detail}" for each in trial.examples)),
        "nothing read": "\n".join(
            f"{role}: {number} rows whose cell is not empty" for role, number in trial.unread.items()
        ),
    }


def first_rows_table(rows: Sequence[Mapping[str, str]]) -> RenderableType:
    """One line for each cell, since the rows have more columns than a terminal is wide."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    for _ in rows[:2]:
        table.add_column(overflow="ellipsis", no_wrap=True, max_width=_SHOWN)
    for name in rows[0]:
        cells = [row[name] for row in rows[:2]]
        if any(cells):
            table.add_row(name, *(escape(" ".join(cell[:200].split())) for cell in cells))
    return table


def proposal_lines(proposals: Sequence[Proposal]) -> str:
    return escape("\n".join(f"{each.setting}: {each.value!r} ({'; '.join(each.evidence)})" for each in proposals))


def _columns_table(check: Check) -> RenderableType:
    by_column = {found.column.position: role for role, found in check.roles.items()}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("column", "role", "looks like", "distinct", "blank", "example"):
        justify: Literal["left", "right"] = "right" if name in ("distinct", "blank") else "left"
        table.add_column(name, no_wrap=True, overflow="ellipsis", justify=justify)
    with_role = [found.column for found in check.roles.values()]
    order = [*with_role, *(column for column in check.columns if column.position not in by_column)]
    for column in order:
        table.add_row(
            escape(column.name[:40]),
            by_column.get(column.position, ""),
            column.looks.replace("_", " "),
            f"{column.distinct:.0%}",
            f"{column.blank:.0%}",
            escape(" ".join(column.example[:_SHOWN].split())),
        )
    return table


def proposal_json(proposal: Proposal) -> dict[str, Any]:
    return {"setting": proposal.setting, "value": proposal.value, "evidence": list(proposal.evidence)}
