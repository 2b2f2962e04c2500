"""What comes out of a spreadsheet before anything is interpreted: criterion rows in the sheet's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from criteria.problems import Problem
from workbooks.bullets import split_bullets

HIDDEN_ROW, HIDDEN_SHEET, STRUCK_OUT = "hidden_row", "hidden_sheet", "struck_out"
NO_REFERENCE, JOINED_ROWS = "no_reference", "joined_rows"
"""The flags of a raw criterion."""


@dataclass(frozen=True, slots=True)
class RawCriterion:
    """One criterion as the sheet states it; texts are unchanged but for spaces at their ends.

    `section_path` holds the headings above the row, the outermost first, then its section column.
    `lead` and `bullets` are the requirement split at its bullets; `bullets` is empty where it is no list.
    `operators_from` tells whether the operator text stands in a column, in ticked columns or in the name
    of the sheet ("column", "ticks", "sheet", or ""). `cells` gives the address of each field ("B17") and
    `also_in` the places of the same criterion on other sheets ("Exporters!B17").
    `flags` are hidden_row, hidden_sheet, struck_out, no_reference, joined_rows.
    """

    ref: str
    requirement: str
    sheet: str
    row: int
    category_text: str = ""
    section_path: tuple[str, ...] = ()
    translation: str = ""
    strength_text: str = ""
    operators_text: str = ""
    operators_from: str = ""
    parameters_text: str = ""
    evidence: str = ""
    notes: str = ""
    comments: tuple[str, ...] = ()
    lead: str = ""
    bullets: tuple[str, ...] = ()
    cells: Mapping[str, str] = field(default_factory=dict)
    also_in: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def obligations(self) -> tuple[str, ...]:
        """Return the texts of the clauses: the bullets, or the whole requirement."""
        return self.bullets or (self.requirement,)

    @property
    def translated_obligations(self) -> tuple[str, ...]:
        """Return the clauses of the translation in the same way, none if there is no translation."""
        if not self.translation:
            return ()
        return split_bullets(self.translation).bullets or (self.translation,)

    def cell(self, name: str) -> str:
        """Return the full address of a field ("Criteria!B17"), that of the row if the field has none."""
        return f"{self.sheet}!{self.cells.get(name) or self.cells.get('requirement') or f'A{self.row}'}"


@dataclass(frozen=True, slots=True)
class SheetSummary:
    """What became of one sheet. `header_row` is the last of the header, counted from 1, 0 if it has none.

    `ledger` counts every filled row under one of: title, header, criterion, continuation, section, not_read.
    """

    name: str
    header_row: int = 0
    layout: str = ""
    rows: int = 0
    skipped: str = ""
    ledger: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return the summary as plain data."""
        return {
            "name": self.name,
            "header_row": self.header_row or None,
            "layout": self.layout or None,
            "rows": self.rows,
            "skipped": self.skipped or None,
        }


@dataclass(frozen=True, slots=True)
class Extraction:
    """The criterion rows of a workbook, a summary of each sheet, and every problem found on the way."""

    criteria: tuple[RawCriterion, ...] = ()
    sheets: tuple[SheetSummary, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Return the problems that must be cured."""
        return tuple(found for found in self.problems if found.severity == "error")
