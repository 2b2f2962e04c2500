"""What is wrong with the cells of a criteria sheet: errors, lost results, struck-out and hidden content."""

from __future__ import annotations

from collections.abc import Iterator

from criteria.problems import Problem
from workbooks.layouts import Layout
from workbooks.model import DATE, ERROR, NO_VALUE, Cell, Sheet, column_letter
from workbooks.problem_codes import problem

CELL_LIMIT = 32_767
"""The most characters a cell of a spreadsheet holds; longer texts are cut when they are saved."""


def check_cell(sheet: str, field: str, cell: Cell) -> Iterator[Problem]:
    """Yield what is wrong with one cell of a column that is read."""
    code, values = "", {}
    if cell.kind == ERROR:
        code = "error_cell"
    elif cell.kind == NO_VALUE:
        code = "formula_without_value"
    elif cell.kind == DATE and field == "ref":
        code = "date_in_reference"
    elif len(cell.text) >= CELL_LIMIT:
        code, values = "text_at_limit", {"count": f"{len(cell.text):,}"}
    if code:
        yield _at(sheet, field, cell, code, cell.text, values)
    if cell.struck and not cell.struck_out:
        yield _at(sheet, field, cell, "partly_struck_out", cell.struck.strip(), {})


def _at(sheet: str, field: str, cell: Cell, code: str, value: str, values: dict[str, str]) -> Problem:
    return problem(
        code,
        sheet=sheet,
        cell=cell.address,
        merged_range=cell.merged_range,
        field=field,
        value=value,
        **values,
    )


def check_columns(sheet: Sheet, layout: Layout) -> Iterator[Problem]:
    """Yield the columns that are read though hidden, and the filled ones that are not read."""
    read = {column.number: column for column in layout.columns}
    headers = layout.headers
    for number in sorted(read.keys() & sheet.hidden_columns):
        column = read[number]
        yield problem(
            "hidden_column", sheet=sheet.name, cell=f"{column.column}{max(layout.first_row - 1, 1)}",
            field=column.field, value=column.header, column=column.column,
        )  # fmt: skip
    counts: dict[int, int] = {}
    for row in sheet.rows:
        if row.number >= layout.first_row and len(row.cells) > 1:
            for cell in row.cells:
                if cell.column not in read:
                    counts[cell.column] = counts.get(cell.column, 0) + 1
    for number, count in sorted(counts.items()):
        letter = column_letter(number)
        yield problem(
            "column_not_read", sheet=sheet.name, cell=f"{letter}{max(layout.first_row - 1, 1)}",
            value=headers.get(letter, ""), column=letter, count=count,
        )  # fmt: skip
