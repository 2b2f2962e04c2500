"""The template: a form for criteria in the columns that are read best, with lists and notes."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

from criteria.model import STRENGTHS, Program
from criteria.vocabulary import vocabulary
from workbooks.report.cells import FIRST_ROW, HEADER_ROW, Column
from workbooks.report.publishing import check_writable, put
from workbooks.report.sheet import Book, Sheet

ROWS = 300
# Title, width, list of choices (a defined name) and the note on the column's header.
COLUMNS = (
    ("Reference", 14, "", "The number of the requirement in your document. Each only once."),
    (
        "Category",
        26,
        "template_categories",
        "Choose from the list; it decides where the requirement is compared.",
    ),
    (
        "Requirement",
        60,
        "",
        "One requirement a row, in its own language. Use bullets for parts that can be met separately.",
    ),
    ("Translation", 50, "", "English translation, if the requirement is in another language."),
    (
        "Strength",
        14,
        "template_strengths",
        "How firmly a company is held to it. must: refused or suspended without it.",
    ),
    ("Applies to", 26, "template_roles", "Operator types, separated by commas. Empty: everybody."),
    ("How verified", 36, "", "What a validator looks for."),
    ("Notes", 36, "", "Anything else worth knowing. Not compared."),
)


def write_template(program: Program, target: Path) -> None:
    """Write an empty form for a program's criteria. Raises MraError where the path cannot be written."""
    check_writable(target)
    buffer = io.BytesIO()
    book = Book.open(
        buffer,
        title=f"Criteria of {program.name}",
        subject="Template for security criteria",
        marking="",
        footer=program.key,
        as_of=date(2026, 1, 1),
        home="",
    )
    lead = "Fill in one row for each requirement, then import the file. Only Requirement has to be filled in."
    sheet = book.sheet("Criteria", f"Criteria of {program.name}", lead, across=len(COLUMNS))
    columns = tuple(Column(title, width, "fill_in", "header_fill_in") for title, width, _, _ in COLUMNS)
    sheet.table(columns, [[""] * len(columns) for _ in range(ROWS)], frozen=1)
    for number, (_, _, _, note) in enumerate(COLUMNS):
        sheet.worksheet.write_comment(
            HEADER_ROW, number, note, {"x_scale": 2, "author": "mutual-recognition"}
        )
    _lists(book, sheet, program)
    book.close()
    put(buffer.getvalue(), target)


def _lists(book: Book, sheet: Sheet, program: Program) -> None:
    lists = {
        "template_categories": [category.name for category in vocabulary().categories.values()],
        "template_strengths": [*program.strength_words, *STRENGTHS],
        "template_roles": ["all", *(role.name for role in program.roles)],
    }
    page = book.sheet("Lists", "Lists", "The entries of the drop-down lists.", across=3, portrait=True)
    columns = tuple(Column(name.removeprefix("template_").title(), 34) for name in lists)
    longest = max(len(values) for values in lists.values())
    page.table(columns, [[v[n] if n < len(v) else "" for v in lists.values()] for n in range(longest)])
    for place, (name, values) in enumerate(lists.items()):
        letter = "ABC"[place]
        book.workbook.define_name(
            name, f"=Lists!${letter}${FIRST_ROW + 1}:${letter}${FIRST_ROW + len(values)}"
        )
        column = next(n for n, (_, _, wanted, _) in enumerate(COLUMNS) if wanted == name)
        check = {"validate": "list", "source": f"={name}"}
        if name == "template_roles":  # several roles may be named, so other texts are only warned about
            check |= {
                "error_type": "information",
                "error_message": "More than one role: separate them by commas.",
            }
        sheet.worksheet.data_validation(FIRST_ROW, column, FIRST_ROW + ROWS - 1, column, check)
