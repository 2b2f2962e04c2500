"""The changes between two editions as a workbook."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from engine.diffing import CHANGES, Change, EditionDiff
from engine.findings import Reason
from engine.wording import reason_words
from mappings.library import Library
from workbooks.report.cells import Cell, Column, Value
from workbooks.report.publishing import check_writable, put
from workbooks.report.sheet import Book
from workbooks.report.styles import filled
from workbooks.report.words import category_name
from workbooks.report.writing import MARKINGS, checked_marking

MEANINGS = {
    "added": ("Added", "#9CC5E8", "Nothing in the old edition asks for it."),
    "dropped": ("Dropped", "#B35900", "Nothing in the new edition asks for it."),
    "strengthened": (
        "Strengthened",
        "#BFE3D0",
        "Held more firmly, or a measure is stricter, and nothing is looser.",
    ),
    "loosened": ("Loosened", "#F6C98F", "Held less firmly, a measure is looser, or a part is gone."),
    "changed": ("Changed both ways", "#E9E2B8", "Stricter in one respect and looser in another."),
    "reworded": ("Reworded", "#ECEFF2", "The same demand in other words or under another reference."),
    "unchanged": ("Unchanged", None, "The same demand in the same words."),
    "set_aside": ("Not compared", None, "Outside mutual recognition, background, or no such operator type."),
}


def write_diff(diff: EditionDiff, library: Library, target: Path | str, *, marking: str = "") -> None:
    """Write the changes between two editions to a path. Raises MraError where that cannot be done."""
    check_writable(target)
    buffer = io.BytesIO()
    since = library.editions[diff.new].in_force.since or date(2000, 1, 1)
    book = Book.open(
        buffer,
        title=f"Changes from {diff.old} to {diff.new}",
        subject="Criteria added, dropped, strengthened, loosened and reworded",
        marking=checked_marking(marking or MARKINGS["own"]),
        footer=f"{diff.old} / {diff.new}",
        as_of=since,
    )
    _summary(book, diff, library)
    _changes(book, diff)
    book.close()
    put(buffer.getvalue(), target)


def _summary(book: Book, diff: EditionDiff, library: Library) -> None:
    columns = (
        Column("Change", 22, "row_label"),
        Column("Criteria", 12, "center"),
        Column("Meaning", 80),
    )
    titles = " → ".join(library.editions[key].title for key in (diff.old, diff.new))
    sheet = book.sheet("Summary", f"Changes from {diff.old} to {diff.new}", titles, across=len(columns))
    sheet.write(2, 1, Cell(titles, "lead"))
    total = len(diff.changes)
    rows: list[list[Value]] = [
        [Cell(name, filled(fill)), f"{diff.counts.get(key, 0)} of {total}", meaning]
        for key, (name, fill, meaning) in MEANINGS.items()
    ]
    sheet.table(columns, rows)


def _changes(book: Book, diff: EditionDiff) -> None:
    columns = (
        Column("Change", 14, "center"),
        Column("Category", 18),
        Column(f"In {diff.old}", 12, "strong"),
        Column(f"In {diff.new}", 14, "strong"),
        Column("Subject", 26),
        Column("Old text", 46),
        Column("New text", 46, "foreign"),
        Column("Stricter now", 30),
        Column("Looser now", 30),
        Column("No longer asked", 30),
    )
    lead = "Judged by the same rules as a comparison of two programs; the old edition is the baseline."
    sheet = book.sheet("Changes", "Criterion by criterion", lead, across=len(columns), pages_wide=1)
    ordered = sorted(diff.changes, key=lambda change: CHANGES.index(change.change))
    sheet.table(columns, (list(_row(change)) for change in ordered), frozen=1)


def _row(change: Change) -> Iterator[Value]:
    name, fill, _ = MEANINGS[change.change]
    yield Cell(name, filled(fill, center=True))
    yield category_name(change.category)
    yield ", ".join(change.old)
    yield ", ".join(change.new)
    yield change.title
    yield change.old_text
    yield change.new_text
    yield _told(change.stricter)
    yield _told(change.looser)
    yield "\n".join(change.dropped)


def _told(reasons: tuple[Reason, ...]) -> str:
    return "\n".join(dict.fromkeys(f"{reason.obligation}: {reason_words(reason)}" for reason in reasons))
