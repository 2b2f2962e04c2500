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
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.styleable import StyleableObject
from openpyxl.worksheet._reader import WorksheetReader
from openpyxl.xml.constants import SHARED_STRINGS

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
    column_letter,
    covered_places,
    range_bounds,
    rows_of,
)
from workbooks.number_texts import date_text, number_text
from workbooks.scanning import Scanned
from workbooks.xlsx_cells import Formats, Run, SharedTexts, SheetCells

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_THREADED = re.compile(r"^\[Threaded comment\].*?Comment:\s*", re.DOTALL)


class _LeanReader(WorksheetReader):
    """openpyxl's sheet reader without what an upload could use to make it build millions of cells.

    Cells are read by `workbooks.xlsx_cells`. Merged ranges come from the scan; links, tables and
    conditional formats are not read, and a cell is kept only if it holds something.
    """

    def bind_all(self) -> None:
        """Give the sheet its cells, its columns and its hidden rows."""
        parser: Any = self.parser
        sheet: Any = self.ws
        cells = SheetCells(
            Formats(parser.shared_strings, parser.epoch, parser.date_formats, parser.timedelta_formats)
        )
        cells.read(parser.source)
        sheet._cells = cells.cells
        parser.column_dimensions = cells.columns
        self.bind_col_dimensions()
        for number in cells.hidden_rows:
            sheet.row_dimensions[number].hidden = True


class _PackageReader(ExcelReader):
    """openpyxl's reader of a workbook with a table of shared texts that is read faster."""

    def read_strings(self) -> None:
        """Read the shared texts."""
        reader: Any = self
        part = reader.package.find(SHARED_STRINGS)
        if part is not None:
            texts = SharedTexts()
            with reader.archive.open(part.PartName[1:]) as source:
                texts.read(source)
            reader.shared_strings = texts.texts


def read_xlsx(data: bytes, scanned: Scanned) -> list[Sheet]:
    """Return the sheets of a workbook in their order; chart sheets are left out."""
    package_reader: Any = openpyxl.reader.excel
    package_reader.WorksheetReader = _LeanReader
    reader: Any = _PackageReader(io.BytesIO(data), data_only=True, rich_text=True, keep_links=False)
    reader.read()
    looks = _Looks(reader.wb)
    return [
        _sheet(
            sheet,
            looks,
            scanned.no_value.get(sheet.title, ()),
            scanned.details.get(sheet.title, SheetDetails()),
        )
        for sheet in reader.wb.worksheets
    ]


def clean(text: str) -> str:
    """Return a text without Excel's escapes for control characters and without the characters themselves."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class _Looks:
    """Bold, struck out, and the number format where it is not General, by the number of a style."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.known: dict[int, tuple[bool, bool, str]] = {}

    def of(self, style_id: int) -> tuple[bool, bool, str]:
        """Return the look of a style, asking openpyxl for it once."""
        if style_id not in self.known:
            self.known[style_id] = self._asked(style_id)
        return self.known[style_id]

    def _asked(self, style_id: int) -> tuple[bool, bool, str]:
        styles = self.book._cell_styles[style_id]
        if not any(styles):
            return False, False, ""
        look: Any = StyleableObject(self.book.worksheets[0], styles)
        shown = look.number_format or ""
        return bool(look.font.b), bool(look.font.strike), "" if shown == "General" else shown


def _sheet(sheet: Any, looks: _Looks, no_value: Sequence[str], details: SheetDetails) -> Sheet:
    merged = {reference.partition(":")[0]: reference for reference in details.merged_ranges}
    covered = covered_places(details.merged_ranges)
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
        right_to_left=details.right_to_left,
        hidden_columns=frozenset(_hidden_columns(sheet)),
        merged_ranges=tuple(sorted(merged.values())),
        column_widths=_widths(sheet),
    )


def _cell(cell: Any, row: int, column: int, looks: _Looks, merged: dict[str, str]) -> Cell | None:
    value = cell.value
    bold, strike, number_format = looks.of(cell.style_id)
    text, kind = _text_and_kind(value, number_format)
    if cell.data_type == "e":
        kind = ERROR
    elif not text.strip():
        return None
    struck, kept = (text, "") if strike else ("", "")
    if isinstance(value, tuple):
        struck, kept, bold = _fragments(value, strike, bold)
    address = f"{column_letter(column)}{row}" if merged else ""
    return Cell(
        row, column, text, kind, merged.get(address, ""), bold, struck, kept,
        _comment(cell), number_format if kind in (NUMBER, DATE) else "",
    )  # fmt: skip


def _text_and_kind(value: Any, number_format: str) -> tuple[str, str]:
    if isinstance(value, str):
        return clean(value), TEXT
    if isinstance(value, tuple):
        return clean("".join(run.text for run in value)), TEXT
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), BOOLEAN
    if isinstance(value, int | float):
        return number_text(value, number_format), NUMBER
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        return date_text(value), DATE
    return ("" if value is None else clean(str(value))), TEXT


def _fragments(runs: tuple[Run, ...], cell_strike: bool, cell_bold: bool) -> tuple[str, str, bool]:
    """Return the struck-out part, the rest, and whether all of the text is bold."""
    struck: list[str] = []
    kept: list[str] = []
    bold: list[bool] = []
    for run in runs:
        text = clean(run.text)
        gone = cell_strike if run.struck is None else run.struck
        bold.append((cell_bold if run.bold is None else run.bold) or not text.strip())
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
