"""Faults in data, collected as values with a stable code, a place and a cure.

A fault in an analyst's file or in a data file is a `Problem` in a list; only a fault of the
programmer, or data that cannot be used at all, raises.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: what is wrong, where, and what to do about it.

    `code` is stable and documented. A fault in a data file names `file` and `key` (a dotted path in
    that file) and `line` (counted from 1); a fault in a spreadsheet names `sheet` and `cell`
    (`Criteria!B17`), and `merged_range` where the cell is part of one.
    """

    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    file: str = ""
    key: str = ""
    line: int | None = None
    sheet: str = ""
    cell: str = ""
    merged_range: str = ""
    field: str = ""
    value: str = ""

    def __str__(self) -> str:
        place = self.cell or ":".join(part for part in (self.file, str(self.line or ""), self.key) if part)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} {self.hint}".rstrip()

    def at(self, **changes: Any) -> Problem:
        """Return the same problem with a more exact place."""
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as plain data, empty places left out."""
        keep = {"code", "severity", "message", "hint"}
        return {k: v for k, v in asdict(self).items() if k in keep or v not in ("", None)}


class MraError(Exception):
    """The base of every error this project raises on purpose; its text says what to do."""


class DataError(MraError):
    """Data that cannot be used, with every problem found in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class UnknownName(MraError):
    """A name that does not exist, with the nearest names that do."""

    def __init__(self, what: str, value: str, known: Iterable[str]) -> None:
        self.what, self.value, self.known = what, value, tuple(sorted(known))
        super().__init__(f'"{value}" is not a known {what}. {nearest_hint(value, self.known)}')


def nearest(value: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Return up to `limit` known names most like `value`, the likeliest first."""
    names = sorted(set(known))
    by_fold = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(value.casefold(), by_fold, n=limit, cutoff=0.5)
    return [by_fold[name] for name in close]


def nearest_hint(value: str, known: Iterable[str]) -> str:
    """Return one sentence that tells which names are valid: the nearest ones, or a few of all."""
    names = sorted(set(known))
    close = nearest(value, names)
    if close:
        return f"Did you mean {', '.join(close)}?"
    if not names:
        return "There are none."
    shown = ", ".join(names[:12])
    return f"Use one of: {shown}{' …' if len(names) > 12 else ''}."
