"""Findings in lists: which are asked for, and what of each is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from api.tables import as_json

COLUMNS = (
    "criterion", "title", "category", "strength", "verdict", "shortfall", "severity", "if_absent",
    "provisional", "basis", "reasons", "common", "missing", "extra", "counterparts", "question", "site_check",
)  # fmt: skip
_CHOSEN = ("verdict", "shortfall", "severity", "category", "strength")
_LONG = ("obligations", "evidence", "text", "source")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of findings is narrowed to; an empty text is no filter, commas separate values."""

    verdict: str = ""
    shortfall: str = ""
    severity: str = ""
    category: str = ""
    strength: str = ""
    operator: str = ""
    q: str = ""
    provisional: bool | None = None

    def among(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows that are asked for."""
        wanted = {name: set(values.split(",")) for name in _CHOSEN if (values := getattr(self, name))}
        words = self.q.casefold()
        return [
            row
            for row in rows
            if words in row.words
            and all((row.finding.get(name) or "") in values for name, values in wanted.items())
            and (not self.operator or self.operator in row.finding["operators"])
            and self.provisional in (None, row.finding["provisional"])
        ]


@dataclass(frozen=True, slots=True)
class Row:
    """A finding of a stored comparison, with what lists need of it each time."""

    finding: Mapping[str, Any]
    compact: Mapping[str, Any]
    written: bytes  # the compact form as JSON
    words: str


def rows_of(findings: Iterable[Mapping[str, Any]]) -> tuple[Row, ...]:
    """Return findings as rows of a list."""
    return tuple(_row(one) for one in findings)


def compact_array(rows: Iterable[Row]) -> bytes:
    """Return rows in their compact form as a JSON array."""
    return b"[%b]" % b",".join(row.written for row in rows)


def full_array(rows: Iterable[Row]) -> bytes:
    """Return rows with everything known of each finding as a JSON array."""
    return as_json([row.finding for row in rows])


def _row(finding: Mapping[str, Any]) -> Row:
    compact = _compact(finding)
    return Row(finding, compact, as_json(compact), _words(finding))


def _words(finding: Mapping[str, Any]) -> str:
    return f"{finding['criterion']} {finding['title']} {finding['text']} {finding['question']}".casefold()


def _compact(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Return a finding without its obligations and evidence, but with the references of its counterparts."""
    shown = {name: value for name, value in finding.items() if name not in _LONG}
    counterparts = list(dict.fromkeys(one["provision"] for one in finding["evidence"]))
    return {**shown, "counterparts": counterparts}
