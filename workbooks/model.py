"""What a spreadsheet holds, whatever its format: sheets, rows and cells with their addresses.

Imports nothing but the standard library, because the child process that reads an upload loads it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

TEXT, NUMBER, DATE, BOOLEAN, ERROR, NO_VALUE = "text", "number", "date", "boolean", "error", "no_value"
"""The kinds of a cell; `no_value` is a formula that was saved without its result."""

_RANGE = re.compile(r"^\$?([A-Za-z]{1,3})\$?([0-9]+)(?::\$?([A-Za-z]{1,3})\$?([0-9]+))?$")


@lru_cache(maxsize=512)
def column_letter(number: int) -> str:
    """Return the letters of a column counted from 1: 28 is "AB"."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """Return the number of a column, counted from 1: "AB" is 28."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def range_bounds(reference: str) -> tuple[int, int, int, int] | None:
    """Return first row, first column, last row, last column of "B2:C5" (or "B2"); None if it is neither."""
    match = _RANGE.match(reference)
    if not match:
        return None
    left, top, right, bottom = match.groups()
    first, last = column_number(left), column_number(right or left)
    return int(top), first, int(bottom or top), last


def covered_places(references: Iterable[str]) -> set[tuple[int, int]]:
    """Return the places under merged ranges, first cells left out: what stands there is seen by no one."""
    places: set[tuple[int, int]] = set()
    for reference in references:
        bounds = range_bounds(reference)
        if bounds:
            top, left, bottom, right = bounds
            places.update((row, col) for row in range(top, bottom + 1) for col in range(left, right + 1))
            places.discard((top, left))
    return places


class Cell(NamedTuple):
    """One cell that holds something. A named tuple, because a sheet has tens of thousands of them.

    `text` is what the analyst sees. `struck` is the struck-out part of it and `kept` the rest; both are
    empty where nothing is struck out. `merged_range` is set on the first cell of a merged range.
    """

    row: int
    column: int
    text: str
    kind: str = TEXT
    merged_range: str = ""
    bold: bool = False
    struck: str = ""
    kept: str = ""
    comment: str = ""
    number_format: str = ""

    @property
    def address(self) -> str:
        """Return the cell's address on its sheet, "B17"."""
        return f"{column_letter(self.column)}{self.row}"

    @property
    def struck_out(self) -> bool:
        """Return whether the whole text is struck out."""
        return bool(self.struck) and not self.kept.strip()

    @property
    def live_text(self) -> str:
        """Return the text without its struck-out part; a text struck out as a whole stays."""
        return self.kept if self.struck and self.kept.strip() else self.text


@dataclass(frozen=True, slots=True)
class Row:
    """One row with at least one cell; `number` counts from 1 as in the spreadsheet."""

    number: int
    cells: tuple[Cell, ...]
    hidden: bool = False


@dataclass(frozen=True)
class Sheet:
    """One worksheet. `visibility` is visible, hidden or very_hidden."""

    name: str
    rows: tuple[Row, ...] = ()
    visibility: str = "visible"
    right_to_left: bool = False
    hidden_columns: frozenset[int] = frozenset()
    merged_ranges: tuple[str, ...] = ()
    column_widths: tuple[tuple[int, float], ...] = field(default=(), compare=False)

    @cached_property
    def grid(self) -> Grid:
        """Return the sheet's cells by position."""
        return Grid(self)


class Grid:
    """The cells of a sheet by position, where every position of a merged range gives its first cell."""

    def __init__(self, sheet: Sheet) -> None:
        self.cells: dict[tuple[int, int], Cell] = {
            (c.row, c.column): c for row in sheet.rows for c in row.cells
        }
        self.last_row = max((row for row, _ in self.cells), default=0)
        self.last_column = max((column for _, column in self.cells), default=0)
        self._covered: dict[tuple[int, int], tuple[int, int]] = {}
        for reference in sheet.merged_ranges:
            self._cover(reference)

    def _cover(self, reference: str) -> None:
        bounds = range_bounds(reference)
        if bounds is None or (bounds[0], bounds[1]) not in self.cells:
            return
        top, left, bottom, right = bounds
        for row in range(top, min(bottom, self.last_row) + 1):
            for column in range(left, min(right, self.last_column) + 1):
                if (row, column) not in self.cells:
                    self._covered[row, column] = (top, left)

    def cell(self, row: int, column: int) -> Cell | None:
        """Return the cell seen at a position: its own, or the first of the merged range over it."""
        found = self.cells.get((row, column))
        if found is None and (row, column) in self._covered:
            found = self.cells[self._covered[row, column]]
        return found

    def text(self, row: int, column: int) -> str:
        """Return the text seen at a position, "" where there is none."""
        found = self.cell(row, column)
        return found.text if found else ""


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader noticed, as a problem code with the values its message needs."""

    code: str
    sheet: str = ""
    cell: str = ""
    values: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """A file that is not read, with the code that tells why."""

    def __init__(self, code: str, sheet: str = "", cell: str = "", **values: object) -> None:
        super().__init__(code)
        self.note = Note(code, sheet, cell, tuple((k, str(v)) for k, v in values.items()))


def note(code: str, sheet: str = "", cell: str = "", **values: object) -> Note:
    """Return a note with its values as text."""
    return Note(code, sheet, cell, tuple((k, str(v)) for k, v in values.items()))


def sheet_as_plain(sheet: Sheet) -> dict[str, Any]:
    """Return a sheet as plain lists, for the pipe between the child process and its caller."""
    return {
        "name": sheet.name,
        "rows": [[row.number, row.hidden, [_shortened(cell) for cell in row.cells]] for row in sheet.rows],
        "visibility": sheet.visibility,
        "right_to_left": sheet.right_to_left,
        "hidden_columns": sorted(sheet.hidden_columns),
        "merged_ranges": list(sheet.merged_ranges),
        "column_widths": [list(pair) for pair in sheet.column_widths],
    }


def sheet_from_plain(plain: dict[str, Any]) -> Sheet:
    """Return the sheet that `sheet_as_plain` took apart."""
    rows = tuple(
        Row(number, tuple(Cell(*values) for values in cells), hidden)
        for number, hidden, cells in plain["rows"]
    )
    return Sheet(
        name=plain["name"],
        rows=rows,
        visibility=plain["visibility"],
        right_to_left=plain["right_to_left"],
        hidden_columns=frozenset(plain["hidden_columns"]),
        merged_ranges=tuple(plain["merged_ranges"]),
        column_widths=tuple((int(column), float(width)) for column, width in plain["column_widths"]),
    )


def _shortened(cell: Cell) -> tuple[Any, ...]:
    """Drop the empty values at the end: most cells are a position and a text."""
    return cell[:3] if cell[3:] == _PLAIN else tuple(cell)


_PLAIN = Cell(0, 0, "")[3:]


def rows_of(cells: Iterator[Cell] | list[Cell], hidden_rows: set[int] | frozenset[int]) -> tuple[Row, ...]:
    """Group cells into rows, in the order of the sheet."""
    by_row: dict[int, list[Cell]] = {}
    for cell in cells:
        by_row.setdefault(cell.row, []).append(cell)
    return tuple(
        Row(number, tuple(sorted(by_row[number], key=lambda c: c.column)), number in hidden_rows)
        for number in sorted(by_row)
    )
