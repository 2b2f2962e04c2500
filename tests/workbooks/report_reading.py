"""Write a report of the small library and read it back, for the tests of the report."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import openpyxl
from openpyxl.cell.cell import Cell
from openpyxl.workbook.workbook import Workbook

from engine.findings import Comparison
from mappings.library import Library
from tests.builders import small_comparison
from workbooks.report import write_report

_HASH = re.compile(r"\b[0-9a-f]{12,64}\b")


def report_bytes(library: Library | None = None, *, warnings: tuple[str, ...] = (), **options: Any) -> bytes:
    """Return the report of a library's comparison (by default of the small one)."""
    library, comparison = small_comparison(library, warnings=warnings)
    return bytes_of(library, comparison, **options)


def bytes_of(library: Library, comparison: Comparison, **options: Any) -> bytes:
    """Return the report of a comparison."""
    buffer = io.BytesIO()
    write_report(comparison, library, buffer, **options)
    return buffer.getvalue()


def opened(content: bytes) -> Workbook:
    """Return a report as a spreadsheet program reads it, formulas as formulas."""
    return openpyxl.load_workbook(io.BytesIO(content))


def used_cells(workbook: Workbook) -> Iterator[Cell]:
    """Yield every cell that holds something."""
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None and isinstance(cell, Cell):
                    yield cell


def texts(workbook: Workbook) -> dict[str, list[list[str]]]:
    """Return all cell texts by sheet and row; hashes and versions, which always change, left out."""
    found: dict[str, list[list[str]]] = {}
    for sheet in workbook.worksheets:
        values = sheet.iter_rows(values_only=True)
        rows = [["" if value is None else _steady(str(value)) for value in row] for row in values]
        found[sheet.title] = [row for row in rows if not row[1].startswith("Version of")]
    return found


def _steady(text: str) -> str:
    return _HASH.sub("(hash)", text)


def table(workbook: Workbook, name: str) -> list[dict[str, Any]]:
    """Return the rows of a sheet's table by column title (a title given twice keeps its last column)."""
    sheet = workbook[name]
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    return [{str(title): value for title, value in zip(rows[0], row, strict=True)} for row in rows[1:]]
