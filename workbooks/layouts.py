"""Which column of which sheet holds what: proposed, corrected, and reused when the same headers return.

A layout is recognized again by its fingerprint, made from the header texts alone, so that rows above the
header, or sheets under other names, do not matter.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, field_validator

from criteria.problems import Problem, nearest_hint
from workbooks.header_words import FIELDS, is_cover_name, normalised
from workbooks.headers import ROWS_TRIED, Header, find_header, header_texts, rows_seen
from workbooks.model import Sheet, column_letter, column_number
from workbooks.problem_codes import LIST_TITLES, problem
from workbooks.reading import Workbook

_COLUMN = re.compile(r"^[A-Z]{1,2}$")
NO_TABLE = "it holds no table with a header that names a requirement"


class LayoutColumn(BaseModel):
    """One column: its letters, the field it holds, and why (header, words matched, score from 0 to 100).

    `ticked` columns hold marks; their header says what a mark means.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    field: str
    header: str = ""
    score: float = 100.0
    matched: str = ""
    ticked: bool = False

    @field_validator("column")
    @classmethod
    def _known_column(cls, value: str) -> str:
        if not _COLUMN.match(value) or column_number(value) > 256:
            raise ValueError(f'"{value}" is not a column from A to IV')
        return value

    @field_validator("field")
    @classmethod
    def _known_field(cls, value: str) -> str:
        if value not in FIELDS:
            raise ValueError(f'"{value}" is not a field. {nearest_hint(value, FIELDS)}')
        return value

    @property
    def number(self) -> int:
        """Return the column's number, counted from 1."""
        return column_number(self.column)


class Layout(BaseModel):
    """The columns of one sheet. `header_rows` counts from 1 and is empty where there is no header.

    `source` is detected, saved or given. `headers` holds the text over each column, read or not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sheet: str
    header_rows: tuple[int, ...]
    columns: tuple[LayoutColumn, ...]
    headers: dict[str, str] = Field(default_factory=dict)
    source: str = "detected"

    @property
    def fingerprint(self) -> str:
        """Return the mark by which the same headers are recognized, wherever they stand."""
        return fingerprint(self.headers.values())

    @property
    def first_row(self) -> int:
        """Return the first row below the header."""
        return self.header_rows[-1] + 1 if self.header_rows else 1

    def column(self, field: str) -> LayoutColumn | None:
        """Return the column that holds a field, the first one if it is ticked in several."""
        return next((column for column in self.columns if column.field == field), None)

    def all_columns(self, field: str) -> tuple[LayoutColumn, ...]:
        """Return every column of a field."""
        return tuple(column for column in self.columns if column.field == field)


class Proposal(BaseModel):
    """A layout for each sheet that holds criteria, the other sheets with the reason, and the problems."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    layouts: tuple[Layout, ...] = ()
    skipped: dict[str, str] = Field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def fingerprint(headers: Iterable[str]) -> str:
    """Return a short hash of header texts in their order, blind to capitals, accents and spaces."""
    texts = [plain for text in headers if (plain := normalised(text))]
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:16]


def propose(
    workbook: Workbook,
    *,
    given: Sequence[Layout] = (),
    saved: Sequence[Layout] = (),
    sheets: Sequence[str] = (),
) -> Proposal:
    """Propose a layout for each sheet of a workbook.

    `given` layouts are used as they are for the sheet they name; `saved` ones wherever the same headers
    return; what is left is detected. `sheets` limits the reading to sheets of these names.
    """
    layouts: list[Layout] = []
    skipped: dict[str, str] = {}
    problems = [no_such_sheet(name, workbook) for name in sheets if workbook.sheet(name) is None]
    for sheet in workbook.sheets:
        if sheets and sheet.name not in sheets:
            skipped[sheet.name] = "it was not asked for"
            continue
        layout, reason, found = _for_sheet(sheet, given, saved, asked_for=sheet.name in sheets)
        problems.extend(found)
        if layout is not None:
            layouts.append(layout)
        else:
            skipped[sheet.name] = reason
    if not layouts and not workbook.refusal:
        for sheet in workbook.sheets:
            if skipped[sheet.name] == NO_TABLE:  # there is no better one: say where its header was looked for
                skipped[sheet.name], missing = _no_header(sheet)
                problems = [*(one for one in problems if one.sheet != sheet.name), missing]
        problems.append(problem("no_criteria", file=workbook.name))
    return Proposal(layouts=tuple(layouts), skipped=skipped, problems=tuple(problems))


def no_such_sheet(name: str, workbook: Workbook) -> Problem:
    hint = nearest_hint(name, [sheet.name for sheet in workbook.sheets])
    return problem("sheet_not_found", value=name, hint=hint, file=workbook.name)


def _for_sheet(
    sheet: Sheet, given: Sequence[Layout], saved: Sequence[Layout], asked_for: bool
) -> tuple[Layout | None, str, list[Problem]]:
    """Return the layout of one sheet, or the reason why it is skipped, with the problems."""
    known = next((layout for layout in given if layout.sheet == sheet.name), None)
    if known is None:
        reason = _why_not_looked_at(sheet)
        if reason:
            return _skip(sheet, reason)
        known = _reused(sheet, saved)
    if known is not None:
        return known, "", _hidden(sheet)
    header = find_header(sheet)
    if header is not None and (asked_for or _is_convincing(header, sheet)):
        if sheet.grid.last_row <= header.rows[-1]:
            return _skip(sheet, f"there are no rows below its header in row {header.rows[-1]}")
        return from_header(sheet, header), "", _hidden(sheet)
    if is_cover_name(sheet.name) and not asked_for:
        return _skip(sheet, "its name is that of a sheet without criteria")
    if not asked_for and not _looks_like_table(sheet):
        return _skip(sheet, NO_TABLE)
    reason, missing = _no_header(sheet)
    return None, reason, [missing]


def _no_header(sheet: Sheet) -> tuple[str, Problem]:
    tried = f"1 to {min(ROWS_TRIED, sheet.grid.last_row)}"
    missing = problem("no_header", sheet=sheet.name, tried=tried, seen=rows_seen(sheet))
    return f"no header was recognized in rows {tried}", missing


def _why_not_looked_at(sheet: Sheet) -> str:
    """Return why a sheet is not looked at, "" if it is."""
    if not sheet.rows:
        return "it is empty"
    if tuple(cell.text for cell in sheet.rows[0].cells) == LIST_TITLES:
        return "it is the list of problems of an annotated copy"
    return ""


def _is_convincing(header: Header, sheet: Sheet) -> bool:
    """Ask more of the header of a sheet that is named like a cover, a glossary or a list of changes."""
    return not is_cover_name(sheet.name) or (header.sure and header.score[0] >= 3)


def _skip(sheet: Sheet, reason: str) -> tuple[None, str, list[Problem]]:
    return None, reason, [problem("sheet_skipped", sheet=sheet.name, reason=reason)]


def _hidden(sheet: Sheet) -> list[Problem]:
    return [] if sheet.visibility == "visible" else [problem("hidden_sheet", sheet=sheet.name)]


def _looks_like_table(sheet: Sheet) -> bool:
    """Tell whether a sheet without a header still looks like criteria: rows of cells with sentences."""
    wide = [row for row in sheet.rows if len(row.cells) >= 2]
    return sum(any(len(cell.text) >= 25 for cell in row.cells) for row in wide) >= 3


def from_header(sheet: Sheet, header: Header) -> Layout:
    """Return the layout that a detected header proposes."""
    columns = tuple(
        LayoutColumn(
            column=column_letter(match.column),
            field=match.field,
            header=match.header,
            score=match.score,
            matched=match.word,
            ticked=match.ticked,
        )
        for match in header.columns
    )
    headers = {column_letter(column): text for column, text in header.texts}
    return Layout(sheet=sheet.name, header_rows=header.rows, columns=columns, headers=headers)


def _reused(sheet: Sheet, saved: Sequence[Layout]) -> Layout | None:
    """Return a saved layout moved to where its headers stand on this sheet, None if they do not."""
    for layout in saved:
        height = max(len(layout.header_rows), 1)
        wanted = layout.fingerprint if layout.headers else ""
        last = min(ROWS_TRIED, sheet.grid.last_row) if wanted else 0
        for row in range(1, last + 1):
            rows = tuple(range(row, row + height))
            texts = header_texts(sheet.grid, rows)
            if fingerprint(texts.values()) == wanted:
                return _moved(layout, sheet, rows, texts)
    return None


def _moved(layout: Layout, sheet: Sheet, rows: tuple[int, ...], texts: Mapping[int, str]) -> Layout:
    """Move a layout's columns, which come in the same order, to the columns of this sheet."""
    before = [letters for letters, text in layout.headers.items() if normalised(text)]
    after = [column_letter(column) for column, text in texts.items() if normalised(text)]
    moves = dict(zip(before, after, strict=True))
    shift = column_number(after[0]) - column_number(before[0])
    columns = tuple(
        column.model_copy(
            update={"column": moves.get(column.column) or column_letter(max(column.number + shift, 1))}
        )
        for column in layout.columns
    )
    headers = {column_letter(column): text for column, text in texts.items()}
    return Layout(sheet=sheet.name, header_rows=rows, columns=columns, headers=headers, source="saved")
