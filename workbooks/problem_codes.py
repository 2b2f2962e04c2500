"""Every code a spreadsheet can earn, with its message, meaning and cure, from problem_codes.yaml.

`problem` is the one way to make a `Problem` about an upload: the texts have one home, and the page for
analysts (docs/problem-codes.md) is written from the same file by `python -m workbooks.problem_codes`.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from criteria.problems import Problem

_FILE = Path(__file__).with_name("problem_codes.yaml")
LIST_TITLES = ("Severity", "Code", "Sheet", "Cell", "Field", "Value", "What is wrong", "What to do")
"""The header of the list of problems in an annotated copy, by which that sheet is known when it returns."""

_GROUPS = {
    "file": "The file is not read",
    "reading": "The file is read, with a remark",
    "layout": "Sheets and columns",
    "rows": "Rows and cells",
    "review": "A review workbook that returns",
}


class ProblemCode(BaseModel):
    """One code. `message` is a format string over the values of the case; `cure` becomes the hint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: Literal["file", "reading", "layout", "rows", "review"]
    severity: Literal["error", "warning", "note"]
    title: str
    message: str
    meaning: str
    cure: str


@lru_cache(maxsize=1)
def problem_codes() -> dict[str, ProblemCode]:
    """Return every code in the order of the file."""
    raw = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {code: ProblemCode.model_validate(entry) for code, entry in raw.items()}


def problem(
    code: str,
    *,
    sheet: str = "",
    cell: str = "",
    merged_range: str = "",
    field: str = "",
    value: str = "",
    file: str = "",
    **values: object,
) -> Problem:
    """Return the problem with this code; `cell` may be given as "B17", `sheet` completes it.

    Raises KeyError for a code that is not in problem_codes.yaml or a value its message lacks.
    """
    known = problem_codes()[code]
    texts = {"sheet": sheet, "cell": cell, "field": field, "value": _short(value), **values}
    return Problem(
        code=code,
        severity=known.severity,
        message=known.message.format_map(texts).strip(),
        hint=known.cure.strip(),
        sheet=sheet,
        cell=f"{sheet}!{cell}" if sheet and cell and "!" not in cell else cell,
        merged_range=merged_range,
        field=field,
        value=value,
        file=file,
    )


def _short(value: str) -> str:
    """Cut a long value for a message; the problem itself keeps it whole."""
    flat = " ".join(value.split())
    return flat if len(flat) <= 80 else flat[:79] + "…"


def as_markdown() -> str:
    """Return the page for analysts: one heading for each code, grouped by what it is about."""
    lines = [
        "# Problem codes",
        "",
        "What can be wrong with an uploaded spreadsheet, what it means and what to do. An *error* must be",
        "cured, a *warning* should be looked at, a *note* tells what was done. Written from",
        "`workbooks/problem_codes.yaml` by `python -m workbooks.problem_codes`.",
    ]
    for group, title in _GROUPS.items():
        lines += ["", f"## {title}"]
        for code, entry in problem_codes().items():
            if entry.group == group:
                lines += ["", f"### {code}", "", f"**{entry.title}** ({entry.severity})", ""]
                lines += [entry.meaning.strip(), "", f"*What to do:* {entry.cure.strip()}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
