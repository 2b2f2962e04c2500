"""Columns that an analyst names, as a layout: alone, or as corrections of the layout that was detected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from criteria.problems import Problem, nearest_hint
from workbooks.header_words import FIELDS, is_cover_name
from workbooks.headers import header_at, header_texts
from workbooks.layouts import Layout, LayoutColumn, from_header, no_such_sheet
from workbooks.model import Sheet, column_letter, column_number
from workbooks.problem_codes import problem
from workbooks.reading import Workbook

NOT_READ = "none"
"""What a column is called that is not to be read."""
_COLUMN = re.compile(r"^[A-Z]{1,2}$")


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """Column letters to fields for one sheet, "" for the only one; `header_row` is 0 where none is named."""

    sheet: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    header_row: int = 0


def settle(
    workbook: Workbook, named: Sequence[NamedColumns], detected: Sequence[Layout]
) -> tuple[tuple[Layout, ...], tuple[Problem, ...]]:
    """Return a layout for each sheet that columns were named for, over what was detected there.

    A named column takes its field from the one detected; "none" takes a column out. All problems come
    back at once; a sheet with a problem has no layout.
    """
    layouts: list[Layout] = []
    problems: list[Problem] = []
    for one in named:
        name = one.sheet or _only_sheet(workbook, detected)
        base = next((layout for layout in detected if layout.sheet == name), None)
        layout, found = name_columns(workbook, name, one.columns, one.header_row, base)
        layouts += [layout] if layout else []
        problems += found
    return tuple(layouts), tuple(problems)


def _only_sheet(workbook: Workbook, detected: Sequence[Layout]) -> str:
    """Return the one sheet that can be meant: the only one, the only detected, the only one with content."""
    filled = [sheet.name for sheet in workbook.sheets if sheet.rows and not is_cover_name(sheet.name)]
    choices = ([one.name for one in workbook.sheets], [layout.sheet for layout in detected], filled)
    return next((names[0] for names in choices if len(names) == 1), "")


def name_columns(
    workbook: Workbook,
    sheet_name: str,
    columns: Mapping[str, str],
    header_row: int = 0,
    base: Layout | None = None,
) -> tuple[Layout | None, tuple[Problem, ...]]:
    """Return the layout an analyst names: column letters to fields, and the last row of the header.

    `base` is the layout to correct; a `header_row` other than 0 is looked at anew in its place. Without
    either the sheet has no header. Returns None and the problems if the columns cannot be used.
    """
    sheet = workbook.sheet(sheet_name)
    if not sheet_name:
        return None, (problem("sheet_not_named", file=workbook.name),)
    if sheet is None:
        return None, (no_such_sheet(sheet_name, workbook),)
    named = {letters.strip().upper(): name.strip().lower() for letters, name in columns.items()}
    problems = tuple(_faults(sheet_name, named))
    if problems:
        return None, problems
    if base is not None and header_row:
        header = header_at(sheet, header_row)
        base = from_header(sheet, header) if header is not None else None
    rows = (header_row,) if header_row else base.header_rows if base is not None else ()
    layout = _layout(sheet, rows, named, base)
    if layout.column("requirement") is None:
        return None, (problem("no_requirement_column", sheet=sheet_name),)
    return layout, ()


def _faults(sheet: str, named: Mapping[str, str]) -> Iterator[Problem]:
    for letters, name in named.items():
        if not _COLUMN.match(letters) or column_number(letters) > 256:
            yield problem("unknown_column", sheet=sheet, value=letters)
        elif name not in (*FIELDS, NOT_READ):
            hint = nearest_hint(name, [*FIELDS, NOT_READ])
            yield problem("unknown_field", sheet=sheet, value=name, hint=hint)


def _layout(sheet: Sheet, rows: tuple[int, ...], named: Mapping[str, str], base: Layout | None) -> Layout:
    texts = {column_letter(n): text for n, text in header_texts(sheet.grid, rows).items()}
    found = [
        LayoutColumn(column=letters, field=name, header=texts.get(letters, ""), matched="given")
        for letters, name in named.items()
        if name != NOT_READ
    ]
    fields = set(named.values())
    kept = base.columns if base is not None else ()
    found += [one for one in kept if one.column not in named and one.field not in fields]
    found.sort(key=lambda column: column.number)
    return Layout(sheet=sheet.name, header_rows=rows, columns=tuple(found), headers=texts, source="given")
