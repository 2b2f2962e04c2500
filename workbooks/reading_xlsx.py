"""Read .xlsx and .xlsm with openpyxl: the reader that shows merged ranges, hidden rows, looks, comments.

Runs in the child process only, on a file that has passed the guards.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Sequence
from typing import Any

import openpyxl
import openpyxl.reader.excel
from openpyxl.cell.cell import Cell as OpenpyxlCell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.worksheet._reader import WorksheetReader

from workbooks.details import SheetDetails
from workbooks.model import (
    BOOLEAN,
    DATE,
    ERROR,
    NO_VALUE,
    NUMBER,
    TEXT,
    Cell,
    Sheet,
    covered_places,
    range_bounds,
    rows_of,
)
from workbooks.number_texts import date_text, number_text
from workbooks.scanning import Scanned

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_THREADED = re.compile(r"^\[Threaded comment\].*?Comment:\s*", re.DOTALL)


class _LeanReader(WorksheetReader):
    """openpyxl's sheet reader without what an upload could use to make it build millions of cells.

    Merged ranges come from the scan; links, tables and conditional formats are not read, and an empty cell
    is kept only if it has a formula.
    """

    def bind_cells(self) -> None:
        """Keep the cells that hold something."""
        sheet: Any = self.ws
        styles, cells = sheet.parent._cell_styles, sheet._cells
        for _, row in self.parser.parse():
            for found in row:
                place = (found["row"], found["column"])
                cell: Any = OpenpyxlCell(sheet, *place, style_array=styles[found["style_id"]])
                cell._value, cell.data_type = found["value"], found["data_type"]
                if cell._value is not None:
                    cells[place] = cell

    def bind_merged_cells(self) -> None:
        """Build no cells under merged ranges."""

    def bind_hyperlinks(self) -> None:
        """Build no cells under links: a link can be given a whole sheet."""

    def bind_formatting(self) -> None:
        """Read no conditional formats."""

    def bind_tables(self) -> None:
        """Read no tables."""


def read_xlsx(data: bytes, scanned: Scanned) -> list[Sheet]:
    """Return the sheets of a workbook in their order; chart sheets are left out."""
    package_reader: Any = openpyxl.reader.excel
    package_reader.WorksheetReader = _LeanReader
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, rich_text=True, keep_links=False)
    looks = _Looks()
    return [
        _sheet(
            sheet,
            looks,
            scanned.no_value.get(sheet.title, ()),
            scanned.details.get(sheet.title, SheetDetails()).merged_ranges,
        )
        for sheet in book.worksheets
    ]


def clean(text: str) -> str:
    """Return a text without Excel's escapes for control characters and without the characters themselves."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class _Looks:
    """Bold and struck-out by style number: openpyxl makes a new proxy object at every question."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], tuple[bool, bool, str]] = {}

    def of(self, cell: Any) -> tuple[bool, bool, str]:
        """Return bold, struck out, and the number format where it is not General."""
        if not cell.has_style:
            return False, False, ""
        # The style array is private to openpyxl; its two numbers are the only cheap key there is.
        key = (cell._style.fontId, cell._style.numFmtId)
        if key not in self.known:
            shown = cell.number_format or ""
            self.known[key] = bool(cell.font.b), bool(cell.font.strike), "" if shown == "General" else shown
        return self.known[key]


def _sheet(sheet: Any, looks: _Looks, no_value: Sequence[str], merged_ranges: Sequence[str]) -> Sheet:
    merged = {reference.partition(":")[0]: reference for reference in merged_ranges}
    covered = covered_places(merged_ranges)
    # iter_rows() would make every empty cell up to the farthest one; this holds the cells that were read.
    cells = [
        found
        for (row, column), cell in sheet._cells.items()
        if (row, column) not in covered and (found := _cell(cell, row, column, looks, merged)) is not None
    ]
    for address in no_value:
        bounds = range_bounds(address)
        if bounds:
            cells.append(Cell(bounds[0], bounds[1], "", NO_VALUE, merged.get(address, "")))
    return Sheet(
        name=sheet.title,
        rows=rows_of(cells, _hidden_rows(sheet)),
        visibility={"hidden": "hidden", "veryHidden": "very_hidden"}.get(sheet.sheet_state, "visible"),
        right_to_left=bool(sheet.sheet_view.rightToLeft),
        hidden_columns=frozenset(_hidden_columns(sheet)),
        merged_ranges=tuple(sorted(merged.values())),
        column_widths=_widths(sheet),
    )


def _cell(cell: Any, row: int, column: int, looks: _Looks, merged: dict[str, str]) -> Cell | None:
    bold, strike, number_format = looks.of(cell)
    value = cell.value
    text, kind = _text_and_kind(value, number_format)
    if cell.data_type == "e":
        kind = ERROR
    elif not text.strip():
        return None
    struck, kept = (text, "") if strike else ("", "")
    if isinstance(value, CellRichText):
        struck, kept, bold = _fragments(value, strike, bold)
    address = cell.coordinate if merged else ""
    return Cell(
        row, column, text, kind, merged.get(address, ""), bold, struck, kept,
        _comment(cell), number_format if kind in (NUMBER, DATE) else "",
    )  # fmt: skip


def _text_and_kind(value: Any, number_format: str) -> tuple[str, str]:
    if isinstance(value, str):
        return clean(str(value)), TEXT
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), BOOLEAN
    if isinstance(value, int | float):
        return number_text(value, number_format), NUMBER
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        return date_text(value), DATE
    return ("" if value is None else clean(str(value))), TEXT


def _fragments(value: Any, cell_strike: bool, cell_bold: bool) -> tuple[str, str, bool]:
    """Return the struck-out part, the rest, and whether all of the text is bold."""
    struck: list[str] = []
    kept: list[str] = []
    bold: list[bool] = []
    for fragment in value:
        if isinstance(fragment, TextBlock):
            gone, text = bool(fragment.font.strike), clean(fragment.text)
            bold.append(bool(fragment.font.b) or not text.strip())
        else:
            gone, text = cell_strike, clean(str(fragment))
            bold.append(cell_bold or not text.strip())
        (struck if gone and text.strip() else kept).append(text)
    if not any(text.strip() for text in struck):
        return "", "", all(bold)
    return "".join(struck), "".join(kept), all(bold)


def _comment(cell: Any) -> str:
    comment = cell.comment
    return "" if comment is None else _THREADED.sub("", clean(comment.text or "")).strip()


def _hidden_rows(sheet: Any) -> set[int]:
    return {
        number
        for number, row in sheet.row_dimensions.items()
        if row.hidden or (row.height is not None and row.height == 0)
    }


def _hidden_columns(sheet: Any) -> set[int]:
    hidden: set[int] = set()
    for column in sheet.column_dimensions.values():
        if column.hidden or column.width == 0:
            first = column.min or 1
            hidden.update(range(first, min(column.max or first, 256) + 1))
    return hidden


def _widths(sheet: Any) -> tuple[tuple[int, float], ...]:
    return tuple(
        sorted(
            (number, float(column.width))
            for column in sheet.column_dimensions.values()
            if column.customWidth and column.min
            for number in range(column.min, min(column.max or column.min, 256) + 1)
        )
    )
