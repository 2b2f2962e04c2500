"""Spreadsheets as an analyst would send them, made for each test."""

from __future__ import annotations

import io
from collections.abc import Sequence

from openpyxl import Workbook

HEADER = ("No.", "Area", "Requirement", "Level", "Applies to", "How verified")
RISK = "Members must carry out a written risk assessment at least once a year."
SEALED = "Loaded containers shall be sealed with a seal meeting ISO 17712."
NUMBERS = "Seal numbers are recorded:\n• on the bill of lading\n• in a seal log"
VISITORS = "Visitors must show photo identification."
ROWS = (
    ("1.1", "Risk assessment", RISK, "Mandatory", "All", ""),
    ("2.1", "Seal security", SEALED, "Mandatory", "Exporter", ""),
    ("2.2", "Seal security", NUMBERS, "Recommended", "Exporter", ""),
    ("3.1", "Access control", VISITORS, "Mandatory", "Warehouse operator", ""),
)


def criteria_sheet(rows: Sequence[Sequence[str]] = ROWS, header: Sequence[str] = HEADER) -> bytes:
    """Return a workbook with a cover sheet, a title row, a header and criteria."""
    book = Workbook()
    book.remove(book.worksheets[0])
    cover = book.create_sheet("Cover")
    cover["A1"] = "Freedonia AEO criteria"
    sheet = book.create_sheet("Criteria")
    sheet.append(["Freedonia AEO programme"])
    sheet.append([])
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
