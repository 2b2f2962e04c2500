"""The sheet of obligations: each clause of each criterion, and every link that its outcome rests on."""

from __future__ import annotations

from collections.abc import Iterator

from engine.findings import Evidence, Finding, ObligationFinding
from engine.wording import reason_words
from workbooks.report.cells import Cell, Column, Value
from workbooks.report.content import Content, source_keys
from workbooks.report.sheet import Book
from workbooks.report.words import bullets, parameters_text, word


def write_obligations(book: Book, content: Content) -> None:
    """Write one row for each obligation and foreign clause behind it; one row where there is none."""
    columns = (
        Column("Criterion", 10, "link"),
        Column("Obligation", 11, "strong"),
        Column(f"{content.us}: what is asked for", 38),
        Column("Strength", 9, "center"),
        Column("Outcome", 12, "center"),
        Column("Why", 30),
        Column("Clause there", 14, "foreign"),
        Column(f"{content.them}: what it says", 40, "foreign"),
        Column("Strength there", 9, "center"),
        Column("Instrument", 12, "center"),
        Column("Measures stated", 26),
        Column("Shared control", 20),
        Column("Relationship to it", 12, "center"),
        Column("Why they were matched", 38),
        Column("Map", 10, "center"),
        Column("Confidence", 11, "center"),
        Column("Basis", 10, "center"),
        Column("Source", 28, "muted"),
        Column("To source", 9, "link"),
    )
    lead = (
        "Each clause of each criterion with all that its outcome rests on; "
        "one clause there, or one group, carries an outcome alone."
    )
    sheet = book.sheet(
        "Obligations", "Obligations and the links behind them", lead, across=len(columns), pages_wide=2
    )
    sheet.table(columns, _rows(content), frozen=2)
    sheet.worksheet.repeat_columns(0, 1)


def _rows(content: Content) -> Iterator[list[Value]]:
    for finding in content.comparison.findings:
        for obligation in finding.obligations:
            left = list(_left(content, finding, obligation))
            evidence = obligation.evidence
            if not evidence:
                yield [*left, Cell("–", "center"), *[""] * 12]
            for one in evidence:
                yield [*left, *_right(content, one)]


def _left(content: Content, finding: Finding, obligation: ObligationFinding) -> Iterator[Value]:
    yield Cell(finding.criterion, "link", content.place("criterion", finding.criterion))
    yield obligation.id
    yield obligation.text
    yield word("strengths", obligation.strength)
    yield word("outcomes", obligation.outcome)
    yield bullets(dict.fromkeys(reason_words(reason) for reason in obligation.reasons))


def _right(content: Content, one: Evidence) -> Iterator[Value]:
    control = content.library.controls.get(one.control)
    keys = source_keys(content, one)
    reference = one.source.get("reference", "")
    documents = "; ".join(content.foreign_program.sources[key].document for key in keys)
    yield one.obligation
    yield f"{one.text}{content.original(one.provision)}"
    yield word("strengths", one.strength)
    yield word("instruments", one.instrument)
    yield parameters_text(one.parameters)
    yield control.name if control else one.control
    yield word("relationships", one.relationship)
    yield one.rationale
    yield word("map_statuses", one.map_status)
    yield word("confidences", one.confidence)
    yield word("bases", one.basis)
    yield f"{documents}{', ' + reference if reference else ''}"
    yield Cell("Source →", "link", content.place("foreign", keys[0]))
