"""The sheet on the other direction: what the foreign edition asks and the baseline does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from engine.findings import ReverseRow
from workbooks.report.cells import Cell, Column, Value
from workbooks.report.content import Content
from workbooks.report.sheet import Book
from workbooks.report.styles import REVERSE_FILL, filled
from workbooks.report.words import category_name, word


def write_beyond(book: Book, content: Content) -> None:
    """Write one row for each foreign clause that answers nothing in the baseline, by class."""
    columns = (
        Column("Reference", 20, "strong"),
        Column("Class", 12, "center"),
        Column("Category", 18),
        Column("Subject", 26),
        Column(f"{content.them}: what is asked for", 56, "foreign"),
        Column("Strength", 9, "center"),
        Column(f"Why {content.us} has nothing for it", 44),
        Column("Basis", 10, "center"),
        Column("Source", 36, "muted"),
        Column("To source", 9, "link"),
    )
    sheet = book.sheet(content.beyond_sheet, f"Beyond {content.us}", _lead(content), across=len(columns))
    rows = (list(_row(content, row)) for row in content.beyond)
    sheet.table(columns, rows, nothing=f"Every clause answers something in {content.us}.")


def _lead(content: Content) -> str:
    counts = Counter(row.kind for row in content.comparison.reverse)
    total = counts.total()
    parts = [
        f"{word('reverse', kind).lower()} {counts[kind]}"
        for kind in ("matched", "beyond", "legal_limit", "unmapped", "out_of_scope", "background")
    ]
    counted = ", ".join(parts)
    return (
        f"The other direction: {total} clauses of {content.them}, of which {counted}. "
        "Matched ones stand on Side by side."
    )


def _row(content: Content, row: ReverseRow) -> Iterator[Value]:
    yield Cell(row.provision, "strong")
    yield Cell(word("reverse", row.kind), filled(REVERSE_FILL.get(row.kind), center=True))
    yield category_name(row.category)
    yield row.title
    yield f"{row.text}{content.original(row.provision)}"
    yield word("strengths", row.strength)
    yield row.note or word("reverse", row.kind, "meaning")
    yield word("bases", row.basis)
    key = content.foreign_criteria[row.provision].source.id
    reference = row.source.get("reference", "")
    yield f"{row.source['document']}{', ' + reference if reference else ''}"
    yield Cell("Source →", "link", content.place("foreign", key))
