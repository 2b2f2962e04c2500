"""Read .xlsb and .ods with calamine: values and positions; everything else comes from the scan.

Runs in the child process only: a Rust reader ends the process where it cannot go on.
"""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from workbooks.details import SheetDetails, Style
from workbooks.model import (
    BOOLEAN,
    DATE,
    ERROR,
    NUMBER,
    TEXT,
    Cell,
    Sheet,
    covered_places,
    range_bounds,
    rows_of,
)
from workbooks.number_texts import date_text, number_text
from workbooks.reading_xlsx import clean
from workbooks.scanning import Scanned


def read_calamine(data: bytes, scanned: Scanned) -> list[Sheet]:
    """Return the sheets of a workbook in their order; sheets that hold no cells by nature are left out."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return [
        _sheet(book.get_sheet_by_name(meta.name), _visibility(meta.visible), scanned.details.get(meta.name))
        for meta in book.sheets_metadata
        if meta.typ == SheetTypeEnum.WorkSheet
    ]


def _visibility(given: SheetVisibleEnum) -> str:
    """Return the word for a visibility; calamine's values cannot be keys of a dictionary."""
    if given == SheetVisibleEnum.Visible:
        return "visible"
    return "hidden" if given == SheetVisibleEnum.Hidden else "very_hidden"


def _sheet(sheet: CalamineSheet, visibility: str, details: SheetDetails | None) -> Sheet:
    known = details or SheetDetails()
    anchors = {bounds[:2]: ref for ref in known.merged_ranges if (bounds := range_bounds(ref))}
    covered = covered_places(known.merged_ranges)
    cells: dict[tuple[int, int], Cell] = {}
    for row, values in enumerate(sheet.to_python(skip_empty_area=False), 1):
        for column, value in enumerate(values, 1):
            place = (row, column)
            if (value != "" or place in known.errors) and place not in covered:
                cells[place] = _cell(place, value, known, anchors.get(place, ""))
    for place, shown in known.errors.items():
        cells.setdefault(place, Cell(*place, shown, ERROR, anchors.get(place, "")))
    kept = [cell for cell in cells.values() if cell.text.strip()]
    return Sheet(
        name=sheet.name,
        rows=rows_of(kept, known.hidden_rows),
        visibility=known.visibility or visibility,
        right_to_left=known.right_to_left,
        hidden_columns=frozenset(known.hidden_columns),
        merged_ranges=tuple(sorted(known.merged_ranges)),
    )


def _cell(place: tuple[int, int], value: Any, known: SheetDetails, merged_range: str) -> Cell:
    look = known.styles.get(place, Style())
    text, kind = _text_and_kind(value, look.number_format)
    if place in known.errors:
        text, kind = known.errors[place], ERROR
    elif known.shown.get(place) and kind != TEXT:
        text = known.shown[place]
    struck, kept = known.struck.get(place, (text if look.struck else "", ""))
    number_format = look.number_format if kind in (NUMBER, DATE) else ""
    comment = known.comments.get(place, "")
    return Cell(*place, text, kind, merged_range, look.bold, struck, kept, comment, number_format)


def _text_and_kind(value: Any, number_format: str) -> tuple[str, str]:
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), BOOLEAN
    if isinstance(value, int | float):
        return number_text(value, number_format), NUMBER
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        return date_text(value), DATE
    return clean(str(value)), TEXT
