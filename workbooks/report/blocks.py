"""The blocks of the summary: sections, texts and tables one below the other, on one set of columns."""

from __future__ import annotations

from engine.findings import VERDICTS
from workbooks.report.cells import Cell, Column, Value
from workbooks.report.content import Content
from workbooks.report.sheet import Book, Sheet
from workbooks.report.words import word

VERDICT_COLUMNS = len(VERDICTS)
COLUMNS = (
    Column("", 46, "row_label"),
    *(Column(word("verdicts", verdict), 10.5, "number") for verdict in VERDICTS),
    Column("All (N)", 9, "number"),
    Column("Provisional", 11.5, "number"),
)
LAST = len(COLUMNS) - 1


class Blocks:
    """Writes the summary's blocks one below the other."""

    def __init__(self, book: Book, content: Content) -> None:
        title = f"{content.us} and {content.them}: side-by-side comparison"
        lead = (
            f"{content.pair}. {content.baseline_program.administration}; "
            f"{content.foreign_program.administration}. Comparison {content.comparison.id[:12]}."
        )
        self.content = content
        self.sheet: Sheet = book.sheet("Summary", title, lead, across=len(COLUMNS))
        for number, column in enumerate(COLUMNS):
            self.sheet.width(number, column.width)
        self.sheet.merged(2, 0, LAST, lead, "plain")
        self.row = 4
        self.breaks: list[int] = []

    def section(self, title: str) -> None:
        for column in range(LAST + 1):
            self.sheet.write(self.row, column, Cell(title if column == 0 else "", "section"))
        self.sheet.height(self.row, 22)
        self.row += 1

    def new_page(self) -> None:
        """Begin what follows on a new page of a print-out."""
        self.breaks.append(self.row)

    def text(self, text: str, style: str = "plain") -> None:
        self.sheet.merged(self.row, 0, LAST, text, style)
        self.row += 1

    def pair(self, label: Value, first: Value, rest: str) -> None:
        """Write a label, a short value and a long text in one row."""
        self.sheet.write(self.row, 0, label, "row_label")
        self.sheet.write(self.row, 1, first, "center")
        self.sheet.merged(self.row, 2, LAST, rest, "text")
        self.row += 1

    def gap(self) -> None:
        self.row += 1
