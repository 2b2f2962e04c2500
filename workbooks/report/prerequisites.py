"""The sheet of prerequisites and of the standing notes that frame every comparison."""

from __future__ import annotations

from collections.abc import Iterator

from criteria.arrangements import ArrangementRow, arrangements_on, between_others_on, register
from engine.findings import Prerequisite
from workbooks.report.cells import Cell, Column, Value
from workbooks.report.content import Content
from workbooks.report.sheet import Book
from workbooks.report.styles import PREREQUISITE_FILL, filled
from workbooks.report.words import bullets, shipped_yaml, word

SHEET = "Prerequisites and notes"
_CBP_PROGRAM = "ctpat"  # the register holds the arrangements of its administration
_STATES = {"signed": "Signed", "in_negotiation": "In negotiation", "no_program": "No program yet"}
_KINDS = {"rule": "Standing note", "human": "For people to weigh; never scored"}


def write_prerequisites(book: Book, content: Content) -> None:
    """Write the prerequisites with their verdicts, the arrangements, then the standing notes."""
    columns = (
        Column("Kind", 20, "label"),
        Column("Subject", 26, "strong"),
        Column("Verdict", 15, "center"),
        Column("Text or reasons", 70),
        Column("Facts and sources", 48, "muted"),
        Column("Basis", 11, "center"),
        Column("Our note", 30, "fill_in", "header_fill_in"),
    )
    lead = (
        "Three prerequisites come before phase 1. The notes hold for every comparison, whatever its result."
    )
    sheet = book.sheet(SHEET, "Prerequisites and standing notes", lead, across=len(columns))
    sheet.table(columns, [*_prerequisites(content), *arrangement_rows(content), *_notes(content)])


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
            "Prerequisite",
            one.name,
            prerequisite_cell(one),
            bullets(one.reasons),
            bullets((*one.facts, *_documents(content, one))),
            word("bases", one.basis),
            "",
        ]


def _documents(content: Content, one: Prerequisite) -> Iterator[str]:
    for key in one.sources:
        source = content.foreign_program.sources.get(key)
        yield source.document if source else key


def prerequisite_cell(one: Prerequisite) -> Cell:
    """Return the verdict on a prerequisite by word on its colour."""
    return Cell(word("prerequisites", one.verdict), filled(PREREQUISITE_FILL.get(one.verdict), center=True))


def arrangement_rows(content: Content) -> Iterator[list[Value]]:
    """Yield what stood between both sides, and between the partner and others, on the date."""
    if content.baseline_program.key != _CBP_PROGRAM:
        return
    known, day, theirs = register(), content.comparison.as_of, content.foreign_program.key
    rows = [row for row in arrangements_on(day) if row.program == theirs]
    for row in rows:
        told = [_arrangement(row), row.legal_nature if row.state == "signed" else "", row.conflict, row.note]
        documents = bullets(known.sources[key].document for key in row.sources)
        verdict = Cell(_STATES[row.state], "center")
        yield [
            "Arrangement",
            f"With {row.partner}",
            verdict,
            bullets(told),
            documents,
            word("bases", row.basis),
            "",
        ]
    if not rows:
        yield [
            "Arrangement",
            f"With {content.them}",
            Cell("None known", "center"),
            f"None known on {day:%Y-%m-%d}.",
            "",
            "",
            "",
        ]
    for other in between_others_on(day):
        if theirs in other.programs:
            documents = bullets(known.sources[key].document for key in other.sources)
            yield [
                "Arrangement",
                f"Between others: {' and '.join(other.parties)}",
                Cell("Signed", "center"),
                f"Signed {other.signed}.",
                documents,
                word("bases", other.basis),
                "",
            ]


def _arrangement(row: ArrangementRow) -> str:
    if row.state != "signed":
        return f"Phases passed: {row.phases_reached} of 4." if row.state == "in_negotiation" else ""
    place = f" in {row.place}" if row.place else ""
    return f"{row.program_name}: signed {row.signed}{place}; phases passed: {row.phases_reached} of 4."


def _notes(content: Content) -> Iterator[list[Value]]:
    data = shipped_yaml("standing_notes.yaml")
    for note in data["notes"]:
        if content.own or note.get("audience") != "own":
            kind, source = _KINDS[note["kind"]], note.get("source", data["source"])
            basis = "" if "source" in note else word("bases", data["basis"])
            yield [kind, note["title"], Cell("–", "center"), note["text"].strip(), source, basis, ""]
