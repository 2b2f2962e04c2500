"""The sheet of operator types: the verdict on every criterion for every type it binds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from criteria.vocabulary import vocabulary
from engine.findings import Finding
from workbooks.report.cells import Cell, Column, Value
from workbooks.report.content import Content
from workbooks.report.sheet import Book
from workbooks.report.side_by_side import verdict_cell
from workbooks.report.styles import VERDICT_FILL, filled
from workbooks.report.words import category_name, operator_name, word

UNVERIFIED = " (?)"


def write_operators(book: Book, content: Content) -> None:
    """Write criteria against operator types; "(?)" marks a type the criterion is only believed to bind."""
    types = [o for o in vocabulary().operators if any(o in f.operators for f in content.comparison.findings)]
    columns = (
        Column("Criterion", 10, "link"),
        Column("Category", 16),
        Column(f"{content.us}: subject", 34),
        Column("Strength", 9, "center"),
        Column("All types together", 12, "center"),
        *(Column(operator_name(operator), 9.5, "center", "header_turned") for operator in types),
    )
    lead = (
        "Verdict for each operator type that the criterion binds. “(?)”: believed to bind "
        "this type, the text was not read for it. “–”: does not bind this type."
    )
    sheet = book.sheet("Operator types", "Operator types", lead, across=len(columns))
    sheet.table(columns, (list(_row(content, f, types)) for f in content.comparison.findings), frozen=3)


def _row(content: Content, finding: Finding, types: Sequence[str]) -> Iterator[Value]:
    yield Cell(finding.criterion, "link", content.place("criterion", finding.criterion))
    yield category_name(finding.category)
    yield finding.title
    yield word("strengths", finding.strength)
    yield verdict_cell(finding.verdict)
    for operator in types:
        verdict = finding.operators.get(operator)
        if verdict is None:
            yield Cell("–", "number")
            continue
        flag = UNVERIFIED if operator in finding.operators_unverified else ""
        yield Cell(
            word("verdicts", verdict, "short") + flag,
            filled(VERDICT_FILL.get(verdict), bold=False, center=True),
        )
