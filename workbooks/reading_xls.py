"""Read .xls (Excel 97 to 2003, and older) with xlrd, which shows the same things openpyxl does for .xlsx.

Runs in the child process only.
"""

from __future__ import annotations

import io
from typing import Any

import xlrd
from xlrd.biffh import XLRDError
from xlrd.compdoc import CompDocError

from workbooks.guards import LIMITS, Limits
from workbooks.model import BOOLEAN, DATE, ERROR, NUMBER, TEXT, Cell, Refused, Sheet, column_letter, rows_of
from workbooks.number_texts import date_text, number_text
from workbooks.reading_xlsx import clean

_VISIBILITY = {0: "visible", 1: "hidden", 2: "very_hidden"}


def read_xls(data: bytes, limits: Limits = LIMITS) -> list[Sheet]:
    """Return the sheets of a workbook in their order, or raise `Refused`."""
    book = _open(data)
    if book.nsheets > limits.sheets:
        raise Refused("too_many_sheets", found=book.nsheets, limit=limits.sheets)
    sheets, count = [], 0
    for sheet in book.sheets():
        count += sum(sheet.row_len(row) for row in range(sheet.nrows))
        _check(sheet, count, limits)
        sheets.append(_sheet(book, sheet))
    return sheets


def _open(data: bytes) -> Any:
    try:
        return xlrd.open_workbook(
            file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
        )
    except XLRDError as error:
        if "encrypted" in str(error).lower():
            raise Refused("password_protected") from error
        raise Refused("damaged_file", detail=error) from error
    except (CompDocError, IndexError, KeyError, ValueError, AssertionError, OverflowError) as error:
        raise Refused("damaged_file", detail=f"{type(error).__name__}: {error}") from error


def _check(sheet: Any, count: int, limits: Limits) -> None:
    if sheet.nrows > limits.rows:
        last = f"{column_letter(limits.columns)}{limits.rows}"
        raise Refused("cell_far_outside", sheet=sheet.name, address=f"row {sheet.nrows}", last=last)
    if count > limits.cells:
        raise Refused("too_many_cells", sheet=sheet.name, limit=f"{limits.cells:,}")
    merged = sum((bottom - top) * (right - left) for top, bottom, left, right in sheet.merged_cells)
    if merged > limits.merged_cells:
        raise Refused("merged_range_too_large", sheet=sheet.name, range="", limit=f"{limits.merged_cells:,}")


def _sheet(book: Any, sheet: Any) -> Sheet:
    merged = {
        (top, left): _range(top, bottom, left, right) for top, bottom, left, right in sheet.merged_cells
    }
    cells = [
        found
        for row in range(sheet.nrows)
        for column in range(sheet.row_len(row))
        if (found := _cell(book, sheet, row, column, merged.get((row, column), ""))) is not None
    ]
    return Sheet(
        name=sheet.name,
        rows=rows_of(cells, {row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden}),
        visibility=_VISIBILITY.get(sheet.visibility, "visible"),
        right_to_left=bool(getattr(sheet, "columns_from_right_to_left", 0)),
        hidden_columns=frozenset(column + 1 for column, info in sheet.colinfo_map.items() if info.hidden),
        merged_ranges=tuple(sorted(merged.values())),
        # xlrd gives widths in 256ths of a character.
        column_widths=tuple(sorted((c + 1, info.width / 256) for c, info in sheet.colinfo_map.items())),
    )


def _range(top: int, bottom: int, left: int, right: int) -> str:
    return f"{column_letter(left + 1)}{top + 1}:{column_letter(right)}{bottom}"


def _cell(book: Any, sheet: Any, row: int, column: int, merged_range: str) -> Cell | None:
    ctype, value = sheet.cell_type(row, column), sheet.cell_value(row, column)
    if ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    look = book.xf_list[sheet.cell_xf_index(row, column)]
    font = book.font_list[look.font_index]
    known = book.format_map.get(look.format_key)
    number_format = "" if known is None or known.format_str == "General" else known.format_str
    text, kind = _text_and_kind(book, ctype, value, number_format)
    if not text.strip():
        return None
    struck, kept = _fragments(book, sheet, row, column, text, bool(font.struck_out))
    remark = sheet.cell_note_map.get((row, column))
    return Cell(
        row + 1, column + 1, text, kind, merged_range, bool(font.bold), struck, kept,
        clean(remark.text).strip() if remark else "", number_format if kind in (NUMBER, DATE) else "",
    )  # fmt: skip


def _text_and_kind(book: Any, ctype: int, value: Any, number_format: str) -> tuple[str, str]:
    if ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(value, "#ERROR!"), ERROR
    if ctype == xlrd.XL_CELL_BOOLEAN:
        return ("TRUE" if value else "FALSE"), BOOLEAN
    if ctype == xlrd.XL_CELL_DATE:
        try:
            return date_text(xlrd.xldate_as_datetime(value, book.datemode)), DATE
        except (ValueError, OverflowError):
            return number_text(value), NUMBER
    if ctype == xlrd.XL_CELL_NUMBER:
        return number_text(value, number_format), NUMBER
    return clean(str(value)), TEXT


def _fragments(book: Any, sheet: Any, row: int, column: int, text: str, strike: bool) -> tuple[str, str]:
    """Return the struck-out part of a cell and the rest, both empty where nothing is struck out."""
    runs = sheet.rich_text_runlist_map.get((row, column))
    if not runs:
        return (text, "") if strike else ("", "")
    whole = str(sheet.cell_value(row, column))
    starts = [(0, strike), *((at, bool(book.font_list[font].struck_out)) for at, font in runs)]
    ends = [at for at, _ in starts[1:]] + [len(whole)]
    struck = "".join(whole[at:end] for (at, gone), end in zip(starts, ends, strict=True) if gone)
    kept = "".join(whole[at:end] for (at, gone), end in zip(starts, ends, strict=True) if not gone)
    return (clean(struck), clean(kept)) if struck.strip() else ("", "")
