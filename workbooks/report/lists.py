"""The sheet behind the drop-down lists, each under a defined name."""

from __future__ import annotations

from workbooks.report.cells import FIRST_ROW, Column
from workbooks.report.content import Content
from workbooks.report.sheet import Book
from workbooks.report.words import words

POSITIONS_NAME = "agreed_positions"


def write_lists(book: Book, content: Content) -> None:
    """Write what both sides can agree on, for the column "Agreed position"."""
    positions = words()["positions"]
    sheet = book.sheet(
        "Lists", "Lists", "Change or add entries here; the drop-down lists follow.", across=2, portrait=True
    )
    last = sheet.table(
        (Column("Agreed position", 32, "strong"), Column("Meaning", 60)),
        [(entry["name"], entry["meaning"]) for entry in positions.values()],
    )
    book.workbook.define_name(POSITIONS_NAME, f"=Lists!$A${FIRST_ROW + 1}:$A${last + 1}")
