"""Give the analyst the file back with each problem marked in its cell, and a list of all problems.

The copy is written anew as .xlsx from what was read, whatever came in: values, merged ranges, hidden rows and
columns, bold and struck-out text, comments and reading direction. Macros, links and formulas are left behind,
so the copy is as harmless as its text.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence

import xlsxwriter  # type: ignore[import-untyped]  # no py.typed
from xlsxwriter.format import Format  # type: ignore[import-untyped]  # no py.typed
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]  # no py.typed

from criteria.problems import Problem
from workbooks.model import Cell, Sheet, range_bounds
from workbooks.problem_codes import LIST_TITLES
from workbooks.reading import Workbook

_FILLS = {"error": "#F8CBAD", "warning": "#FFE699", "note": "#DDEBF7"}
_WORDS = {"error": "Error", "warning": "Warning", "note": "Note"}
_ORDER = {"error": 0, "warning": 1, "note": 2}
_COLUMNS = tuple(zip(LIST_TITLES, (10.0, 26.0, 18.0, 14.0, 14.0, 36.0, 60.0, 60.0), strict=True))
_BAD_NAME = re.compile(r"[\[\]:*?/\\]")
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r")
_CELL_LIMIT = 32_767
_LINE_HEIGHT = 15.0
_TALLEST = 400.0


def annotate(workbook: Workbook, problems: Sequence[Problem] = ()) -> bytes:
    """Return an annotated copy of a workbook as the bytes of an .xlsx file.

    A problem with a cell becomes a comment and a fill there; every problem stands on the first sheet,
    "Problems". A refused file gives that sheet alone. Without `problems` those of the workbook are used.
    """
    listed = sorted(dict.fromkeys(problems or workbook.problems), key=lambda p: _ORDER[p.severity])
    names = _sheet_names(workbook.sheets)
    target = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": f"Problems in {workbook.name}"[:255]})
        formats = _Formats(book)
        _write_list(book.add_worksheet(_unused("Problems", names.values())), listed, names, formats)
        by_cell = _by_cell(listed)
        for sheet in workbook.sheets:
            _write_sheet(book.add_worksheet(names[sheet.name]), sheet, by_cell.get(sheet.name, {}), formats)
    return target.getvalue()


class _Formats:
    """The cell formats of one workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        self._known: dict[tuple[bool, bool, str, bool], Format] = {}
        self.head = book.add_format(
            {"bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF", "valign": "top"}
        )

    def of(
        self, bold: bool = False, struck: bool = False, severity: str = "", quoted: bool = False
    ) -> Format:
        """Return the format for a cell; `quoted` keeps Excel from taking its text for a formula."""
        key = (bold, struck, severity, quoted)
        if key not in self._known:
            look: dict[str, object] = {"text_wrap": True, "valign": "top"}
            look |= {"bold": True} if bold else {}
            look |= {"font_strikeout": True} if struck else {}
            look |= {"bg_color": _FILLS[severity], "border": 1} if severity else {}
            look |= {"quote_prefix": True} if quoted else {}
            self._known[key] = self.book.add_format(look)
        return self._known[key]


def _sheet_names(sheets: Iterable[Sheet]) -> dict[str, str]:
    """Return a valid, unused name for each sheet: other formats allow what Excel does not."""
    names: dict[str, str] = {}
    for sheet in sheets:
        plain = _BAD_NAME.sub("_", sheet.name).strip("'")[:31] or "Sheet"
        names[sheet.name] = _unused(plain, names.values())
    return names


def _unused(name: str, taken: Iterable[str]) -> str:
    used = {other.casefold() for other in taken}
    for number in range(1, len(used) + 2):
        candidate = name if number == 1 else f"{name[: 31 - len(str(number)) - 1]} {number}"
        if candidate.casefold() not in used and candidate.casefold() != "history":
            return candidate
    return f"Sheet {len(used) + 1}"


def _by_cell(problems: Iterable[Problem]) -> dict[str, dict[tuple[int, int], list[Problem]]]:
    found: dict[str, dict[tuple[int, int], list[Problem]]] = {}
    for problem in problems:
        bounds = range_bounds(problem.cell.rpartition("!")[2])
        if bounds and problem.sheet and bounds[0] <= 1_048_576 and bounds[1] <= 16_384:
            found.setdefault(problem.sheet, {}).setdefault(bounds[:2], []).append(problem)
    return found


def _write_list(
    target: Worksheet, problems: Sequence[Problem], names: Mapping[str, str], formats: _Formats
) -> None:
    for column, (title, width) in enumerate(_COLUMNS):
        target.set_column(column, column, width)
        target.write_string(0, column, title, formats.head)
    for row, problem in enumerate(problems, 1):
        texts = (
            _WORDS[problem.severity], problem.code, problem.sheet or problem.file,
            problem.cell.rpartition("!")[2], problem.field, problem.value, problem.message, problem.hint,
        )  # fmt: skip
        for column, text in enumerate(texts):
            _write_text(target, row, column, text, formats, severity=problem.severity if column == 0 else "")
        if problem.sheet in names and texts[3]:
            sheet = names[problem.sheet].replace("'", "''")
            target.write_url(row, 3, f"internal:'{sheet}'!{texts[3]}", formats.of(), texts[3])
        lines = max(_lines(text, width) for text, (_, width) in zip(texts, _COLUMNS, strict=True))
        target.set_row(row, min(lines * _LINE_HEIGHT, _TALLEST))
    target.freeze_panes(1, 0)
    target.autofilter(0, 0, max(len(problems), 1), len(_COLUMNS) - 1)
    target.set_landscape()
    target.fit_to_pages(1, 0)
    target.repeat_rows(0)


def _lines(text: str, width: float) -> int:
    """Return how many lines a wrapped text takes; east-asian letters are two wide."""
    cells = [sum(2 if ord(char) > 0x1100 else 1 for char in line) for line in text.split("\n")]
    return sum(max(1, -(-length // max(int(width), 1))) for length in cells)


def _write_text(
    target: Worksheet,
    row: int,
    column: int,
    text: str,
    formats: _Formats,
    *,
    bold: bool = False,
    struck: bool = False,
    severity: str = "",
) -> None:
    look = formats.of(bold, struck, severity, quoted=text.startswith(_FORMULA_START))
    if text:
        target.write_string(row, column, text[:_CELL_LIMIT], look)
    elif severity:
        target.write_blank(row, column, None, look)


def _write_sheet(
    target: Worksheet, sheet: Sheet, problems: Mapping[tuple[int, int], list[Problem]], formats: _Formats
) -> None:
    _set_view(target, sheet)
    widths = _widths(sheet)
    for column, width in widths.items():
        target.set_column(column - 1, column - 1, width, None, {"hidden": column in sheet.hidden_columns})
    _write_merges(target, sheet, formats)
    for row in sheet.rows:
        for cell in row.cells:
            _write_cell(target, cell, problems.get((cell.row, cell.column), []), formats)
        lines = max(
            (_lines(c.text, widths.get(c.column, 8.4)) for c in row.cells if not c.merged_range), default=1
        )
        target.set_row(row.number - 1, min(lines * _LINE_HEIGHT, _TALLEST), None, {"hidden": row.hidden})
    for place, found in problems.items():
        if place not in sheet.grid.cells:
            _write_cell(target, Cell(*place, ""), found, formats)


def _set_view(target: Worksheet, sheet: Sheet) -> None:
    target.set_landscape()
    target.fit_to_pages(1, 0)
    if sheet.right_to_left:
        target.right_to_left()
    if sheet.visibility == "hidden":
        target.hide()
    elif sheet.visibility == "very_hidden":
        target.very_hidden()


def _write_cell(target: Worksheet, cell: Cell, found: Sequence[Problem], formats: _Formats) -> None:
    row, column = cell.row - 1, cell.column - 1
    severity = min((problem.severity for problem in found), key=lambda s: _ORDER[s], default="")
    _write_text(
        target, row, column, cell.text, formats, bold=cell.bold, struck=cell.struck_out, severity=severity
    )
    remarks = [f"{_WORDS[p.severity]}: {p.message} {p.hint}".strip() for p in found]
    comment = "\n\n".join([*remarks, *([f"Comment in the file: {cell.comment}"] if cell.comment else [])])
    if comment:
        target.write_comment(
            row, column, comment[:_CELL_LIMIT], {"author": "mra", "x_scale": 2, "y_scale": 1.5}
        )


def _write_merges(target: Worksheet, sheet: Sheet, formats: _Formats) -> None:
    """Merge the ranges that were merged; overlapping ones, which only damaged files have, stay apart."""
    taken: set[tuple[int, int]] = set()
    for reference in sheet.merged_ranges:
        bounds = range_bounds(reference)
        if bounds is None:
            continue
        top, left, bottom, right = bounds
        places = {(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)}
        if len(places) < 2 or places & taken:
            continue
        taken |= places
        target.merge_range(top - 1, left - 1, bottom - 1, right - 1, "", formats.of())


def _widths(sheet: Sheet) -> dict[int, float]:
    """Return each column's width in characters: that of the file, or one that suits its texts."""
    longest: dict[int, int] = {}
    for row in sheet.rows:
        for cell in row.cells:
            if not cell.merged_range:
                length = max(len(line) for line in cell.text.split("\n"))
                longest[cell.column] = max(longest.get(cell.column, 0), length)
    widths = {column: min(max(length * 1.1, 8.4), 60.0) for column, length in longest.items()}
    widths.update({column: min(max(width, 3.0), 120.0) for column, width in sheet.column_widths})
    widths.update({column: widths.get(column, 8.4) for column in sheet.hidden_columns})
    return widths
