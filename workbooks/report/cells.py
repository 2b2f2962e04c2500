"""What stands in a cell or a column, and where: values that every sheet is written from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped]

from workbooks.report.styles import Style
from workbooks.report.texts import safe

HEADER_ROW: Final = 3
"""Where the header of a sheet's table stands, counted from 0: below marking, title and lead."""
FIRST_ROW: Final = HEADER_ROW + 1


@dataclass(frozen=True, slots=True)
class Place:
    """A cell to link to; row and column are counted from 0."""

    sheet: str
    row: int = 0
    column: int = 0

    @property
    def url(self) -> str:
        """The link as XlsxWriter takes it."""
        quoted = self.sheet.replace("'", "''")
        return f"internal:'{quoted}'!{xl_rowcol_to_cell(self.row, self.column)}"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell holds: a text or a number, its style, and where it leads.

    `heading` is a first line in bold above a text.
    """

    value: str | int
    style: str | Style = ""
    link: Place | None = None
    heading: str = ""

    @property
    def text(self) -> str:
        """All of it as the sheet shows it."""
        return safe(f"{self.heading}\n{self.value}" if self.heading else str(self.value))


Value = Cell | str | int


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: title, width in Excel's units, style of its cells.

    A text that would need more than the highest row ends with `overflow`, where that is given: the
    column is then composed of what another sheet holds in full.
    """

    title: str
    width: float
    style: str = "text"
    header: str = "header"
    overflow: str = ""
