"""The sheet of sources: every document the findings or the profiles rest on, and how far it was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from criteria.model import BASES
from workbooks.report.cells import Cell, Column, Place, Value
from workbooks.report.content import Content, SourceUse
from workbooks.report.sheet import Book
from workbooks.report.words import word


def write_sources(book: Book, content: Content) -> None:
    """Write one row for each source, with the findings that use it."""
    columns = (
        Column("Program", 18, "strong"),
        Column("Document", 48),
        Column("Address (as text)", 44),
        Column("Read through, and notes", 36),
        Column("How far it was read", 24),
        Column("Findings", 9, "center"),
        Column("Criteria whose findings use it", 54),
        Column("First use", 10, "link"),
    )
    lead = (
        "How far a source was read is said of each statement taken from it: see “Basis” on the sheet Method."
    )
    sheet = book.sheet("Sources", "Sources", lead, across=len(columns))
    sheet.table(columns, (list(_row(content, use)) for use in content.sources))


def _row(content: Content, use: SourceUse) -> Iterator[Value]:
    yield content.us if use.side == "baseline" else content.them
    yield use.source.document
    yield use.source.url
    yield " ".join(
        part for part in (f"Via {use.source.via}." if use.source.via else "", use.source.note) if part
    )
    counts = Counter(use.bases)
    yield "\n".join(f"{word('bases', basis)}: {counts[basis]}" for basis in reversed(BASES) if counts[basis])
    yield len(use.findings)
    yield ", ".join(use.findings) or _rest(use)
    if use.findings:
        place = content.place("criterion", use.findings[0])
    else:
        place = Place("Program profiles" if use.in_profile else content.beyond_sheet)
    yield Cell("First use →", "link", place)


def _rest(use: SourceUse) -> str:
    """Return where a source is used that no finding rests on."""
    return "Program profile only." if use.in_profile else "Other direction or prerequisites only."
