"""The review workbook: maps of an edition to decide on in Excel, and what comes back.

Each row carries marks in narrow columns at the end: hashes of the texts it shows, so that a decision on a
text that has changed since is recognized, and of the map, so that an edit is. An added row has none.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from criteria.model import Edition
from criteria.problems import Problem
from criteria.vocabulary import vocabulary
from mappings.model import Control
from mappings.relationships import Relationship
from mappings.review_rows import DECISIONS, ReviewRow
from workbooks.model import column_letter
from workbooks.problem_codes import problem
from workbooks.reading import read
from workbooks.report.cells import FIRST_ROW, HEADER_ROW, Cell, Column
from workbooks.report.publishing import check_writable, put
from workbooks.report.sheet import Book, Sheet
from workbooks.report.texts import safe

SHEET = "Review"
MOVED = 10  # rows that a reviewer may have put in above the header
SPARE_ROWS = 50  # empty rows below the last one, in which a reviewer can add maps
# Title, width, style, and the field of the row; what a reviewer fills in has the style fill_in.
COLUMNS: tuple[tuple[str, float, str, str], ...] = (
    ("Obligation", 16, "strong", "obligation"),
    ("Strength", 9, "center", "strength"),
    ("Requirement", 46, "text", "text"),
    ("Whole criterion", 46, "muted", "statement"),
    ("Original text", 30, "muted", "original"),
    ("Status", 11, "center", "status"),
    ("Control", 28, "fill_in", "control"),
    ("Control name", 28, "text", "control_name"),
    ("Definition of the control", 46, "muted", "definition"),
    ("Relationship", 15, "fill_in", "relationship"),
    ("Confidence", 11, "fill_in", "confidence"),
    ("Rationale", 40, "fill_in", "rationale"),
    ("Decision", 12, "fill_in", "decision"),
    ("Why", 30, "fill_in", "why"),
    ("Edition", 14, "muted", "edition"),
    ("Text mark", 10, "muted", "source_hash"),
    ("Control mark", 10, "muted", "target_hash"),
    ("Map mark", 10, "muted", "map_mark"),
)
_BY_TITLE = {title: name for title, _, _, name in COLUMNS}
LISTS = {
    "review_decisions": ("decision", DECISIONS),
    "review_relationships": (
        "relationship",
        tuple(r.value for r in Relationship if r is not Relationship.NONE),
    ),
    "review_confidences": ("confidence", ("high", "medium", "low")),
}


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """A row of a returned review workbook; `cells` gives addresses.

    `added` if the reviewer wrote it, `edited` if its map is not as it was sent.
    """

    row: int
    edition: str
    obligation: str
    control: str
    relationship: str
    confidence: str
    rationale: str
    decision: str
    why: str
    source_hash: str
    target_hash: str
    edited: bool
    added: bool
    cells: Mapping[str, str] = field(default_factory=dict)


def write_review(
    rows: Sequence[ReviewRow], controls: Mapping[str, Control], edition: Edition, target: Path
) -> None:
    """Write maps as a review workbook. Raises MraError where the path cannot be written."""
    check_writable(target)
    buffer = io.BytesIO()
    book = Book.open(
        buffer,
        title=f"Review of maps: {edition.title}",
        subject="Maps to be accepted, rejected or changed",
        marking="INTERNAL WORKING DOCUMENT",
        footer=edition.key,
        as_of=_day(edition),
        home="",
    )
    lead = (
        "Choose accept, reject or no control in Decision. You may change control, relationship, confidence "
        "and rationale with it; add maps in the empty rows below. Rows without a decision stay as they are."
    )
    sheet = book.sheet(SHEET, f"Review of {edition.key}", lead, across=len(COLUMNS), pages_wide=2)
    columns = tuple(Column(title, width, style) for title, width, style, _ in COLUMNS)
    last = sheet.table(columns, [_values(row) for row in rows], frozen=1, nothing="")
    _spare_rows(sheet, last)
    _lists(book, sheet, last + SPARE_ROWS)
    count = _controls(book, controls)
    _ids(book, sheet, count, last)
    book.close()
    put(buffer.getvalue(), target)


def _day(edition: Edition) -> date:
    return edition.in_force.since or date(2000, 1, 1)


def _values(row: ReviewRow) -> list[Cell | str | int]:
    mark = map_mark(row.control, row.relationship, row.confidence, row.rationale)
    return [mark if name == "map_mark" else getattr(row, name, "") for _, _, _, name in COLUMNS]


def map_mark(control: str, relationship: str, confidence: str, rationale: str) -> str:
    """Return the mark of a map as a row shows it, whatever its spaces."""
    shown = "\x1f".join(
        " ".join(safe(text).split()) for text in (control, relationship, confidence, rationale)
    )
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _spare_rows(sheet: Sheet, last: int) -> None:
    for row in range(last + 1, last + 1 + SPARE_ROWS):
        for number, (_, _, style, name) in enumerate(COLUMNS):
            sheet.write(row, number, "", "fill_in" if name == "obligation" else style)


def _lists(book: Book, sheet: Sheet, last: int) -> None:
    lists = book.sheet("Lists", "Lists", "The entries of the drop-down lists.", across=3, portrait=True)
    columns = tuple(Column(name.removeprefix("review_").title(), 22) for name in LISTS)
    longest = max(len(values) for _, values in LISTS.values())
    lists.table(columns, [[_nth(values, n) for _, values in LISTS.values()] for n in range(longest)])
    names = [name for _, _, _, name in COLUMNS]
    for place, (defined, (name, values)) in enumerate(LISTS.items()):
        letter = "ABC"[place]
        book.workbook.define_name(
            defined, f"=Lists!${letter}${FIRST_ROW + 1}:${letter}${FIRST_ROW + len(values)}"
        )
        column = names.index(name)
        sheet.worksheet.data_validation(
            FIRST_ROW,
            column,
            last,
            column,
            {
                "validate": "list",
                "source": f"={defined}",
                "error_title": "Not in the list",
                "error_message": f"Choose one of: {', '.join(values)}.",
            },
        )


def _nth(values: Sequence[str], number: int) -> str:
    return values[number] if number < len(values) else ""


def _ids(book: Book, sheet: Sheet, controls: int, last: int) -> None:
    """Offer the ids of the catalogue for the control, and the obligations above for an added row."""
    places = {
        "control": ("review_controls", f"=Controls!$A${FIRST_ROW + 1}:$A${FIRST_ROW + controls}", FIRST_ROW),
        "obligation": ("review_obligations", f"={SHEET}!$A${FIRST_ROW + 1}:$A${last + 1}", last + 1),
    }
    names = [name for _, _, _, name in COLUMNS]
    for field_name, (defined, cells, first) in places.items():
        book.workbook.define_name(defined, cells)
        column = names.index(field_name)
        sheet.worksheet.data_validation(
            first,
            column,
            last + SPARE_ROWS,
            column,
            {"validate": "list", "source": f"={defined}", "error_message": "Choose one from the list."},
        )


def _controls(book: Book, controls: Mapping[str, Control]) -> int:
    columns = (
        Column("Control", 34, "strong"),
        Column("Name", 36),
        Column("Category", 18),
        Column("Definition", 80),
    )
    lead = "The ids of the column Control of the review, with what each means."
    sheet = book.sheet("Controls", "The control catalogue", lead, across=4)
    live = sorted((c for c in controls.values() if not c.replaced_by), key=lambda c: (c.category, c.id))
    names = {key: category.name for key, category in vocabulary().categories.items()}
    sheet.table(columns, [[c.id, c.name, names[c.category], c.definition.strip()] for c in live])
    return len(live)


def read_review(data: bytes, name: str) -> tuple[list[ReturnedRow], list[Problem]]:
    """Return the rows of a returned review workbook and what is wrong with it as a file.

    Rows that are wholly empty are left out; a row without text mark was added by the reviewer, and
    belongs to the edition of the rows above it.
    """
    workbook = read(data, name)
    sheet = workbook.sheet(SHEET)
    problems = [found for found in workbook.problems if found.severity == "error"]
    if sheet is None:
        return [], problems or [_not_a_review(name)]
    header, columns = _header(sheet.grid.text, sheet.grid.last_column)
    if not header:
        return [], [*problems, _not_a_review(name)]
    rows: list[ReturnedRow] = []
    edition = ""
    for number in range(header + 1, sheet.grid.last_row + 1):
        texts = {
            field_name: sheet.grid.text(number, column).strip() for field_name, column in columns.items()
        }
        edition = texts["edition"] or edition
        if any(texts[key] for key in ("obligation", "control", "decision", "rationale")):
            rows.append(_returned(number, texts, edition, columns))
    return rows, problems


def _header(text: Callable[[int, int], str], last: int) -> tuple[int, dict[str, int]]:
    """Return the row that holds every column title, and the columns; 0 where none does.

    Rows may have been put in above it, and columns moved.
    """
    for row in range(1, HEADER_ROW + 1 + MOVED):
        titles = {text(row, column).strip(): column for column in range(1, last + 1)}
        if _BY_TITLE.keys() <= titles.keys():
            return row, {name: titles[title] for title, name in _BY_TITLE.items()}
    return 0, {}


def _returned(number: int, texts: Mapping[str, str], edition: str, columns: Mapping[str, int]) -> ReturnedRow:
    map_texts = (
        texts["control"],
        texts["relationship"].lower(),
        texts["confidence"].lower(),
        texts["rationale"],
    )
    mark = map_mark(*map_texts)
    return ReturnedRow(
        row=number,
        edition=edition,
        obligation=texts["obligation"],
        control=texts["control"],
        relationship=texts["relationship"].lower(),
        confidence=texts["confidence"].lower(),
        rationale=texts["rationale"],
        decision=texts["decision"].lower(),
        why=texts["why"],
        source_hash=texts["source_hash"],
        target_hash=texts["target_hash"],
        edited=texts["map_mark"] != mark,
        added=not texts["source_hash"],
        cells={name: f"{column_letter(column)}{number}" for name, column in columns.items()},
    )


def _not_a_review(name: str) -> Problem:
    return problem("not_a_review", file=name, value=", ".join(_BY_TITLE))
