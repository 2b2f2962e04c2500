"""The sheet of prerequisites and of the standing notes that frame every comparison."""

from __future__ import annotations

from collections.abc import Iterator

from engine.findings import Prerequisite
from workbooks.report.content import Content
from workbooks.report.sheet import Book, Cell, Column, Value
from workbooks.report.styles import PREREQUISITE_FILL, filled
from workbooks.report.words import bullets, shipped_yaml, word

SHEET = "Prerequisites and notes"
_KINDS = {"rule": "Standing note", "human": "For people to weigh; never scored"}


def write_prerequisites(book: Book, content: Content) -> None:
    """Write the prerequisites with their verdicts, then the standing notes."""
    columns = (
        Column("Kind", 20, "label"),
        Column("Subject", 26, "strong"),
        Column("Verdict", 15, "center"),
        Column("Text or reasons", 70),
        Column("Facts and sources", 48, "muted"),
        Column("Basis", 11, "center"),
        Column("Our note", 30, "fill_in", "header_fill_in"),
    )
    lead = "Three prerequisites come before phase 1. The notes below hold for every comparison, whatever its result."
    sheet = book.sheet(SHEET, "Prerequisites and standing notes", lead, across=len(columns))
    sheet.table(columns, [*_prerequisites(content), *_notes(content)])


def _prerequisites(content: Content) -> Iterator[list[Value]]:
    if not content.comparison.prerequisites:
        yield [
            "Prerequisite",
            "All three",
            Cell("Not assessed", "center"),
            "This comparison does not judge them.",
            "",
            "",
            "",
        ]
    for one in content.comparison.prerequisites:
        yield [
            "Prerequisite", one.name, prerequisite_cell(one), bullets(one.reasons),
            bullets((*one.facts, *_documents(content, one))), word("bases", one.basis), "",
        ]  # fmt: skip


def _documents(content: Content, one: Prerequisite) -> Iterator[str]:
    for key in one.sources:
        source = content.foreign_program.sources.get(key)
        yield source.document if source else key


def prerequisite_cell(one: Prerequisite) -> Cell:
    """Return the verdict on a prerequisite by word on its colour."""
    return Cell(word("prerequisites", one.verdict), filled(PREREQUISITE_FILL.get(one.verdict), center=True))


def _notes(content: Content) -> Iterator[list[Value]]:
    data = shipped_yaml("standing_notes.yaml")
    for note in data["notes"]:
        if content.own or note.get("audience") != "own":
            yield [
                _KINDS[note["kind"]],
                note["title"],
                Cell("–", "center"),
                note["text"].strip(),
                data["source"],
                data["basis"],
                "",
            ]
