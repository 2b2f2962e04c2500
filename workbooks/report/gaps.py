"""The sheet of gaps: what is missing, what to ask the other side, what to look at on the joint visit.

In a report for the partner the gaps stand in the baseline's order, and only the questions are left.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.findings import Finding
from engine.wording import reason_words
from workbooks.report.cells import Cell, Column, Value
from workbooks.report.content import Content, split_question
from workbooks.report.sheet import Book
from workbooks.report.side_by_side import remarks, severity_cell, verdict_cell
from workbooks.report.words import bullets, category_name, word


def write_gaps(book: Book, content: Content) -> None:
    """Write one row for each criterion that is not plainly met."""
    columns = _columns(content)
    lead = f"{content.pair}. "
    lead += (
        "The gravest first; what has to be clarified comes last, by how grave it would be if absent."
        if content.own
        else f"In the order of {content.us}."
    )
    sheet = book.sheet("Gaps", "Gaps and questions", lead, across=len(columns))
    rows = (list(_row(content, finding, number)) for number, finding in enumerate(content.gaps, 1))
    sheet.table(columns, rows, frozen=3 if content.own else 2, nothing="No gap was found.")


def _columns(content: Content) -> tuple[Column, ...]:
    severity = (Column("Severity", 10, "center"),) if content.own else ()
    work = (Column("Our own work first", 20),) if _any_work(content) else ()
    ours = (
        (Column("To look at on the joint visit", 38), Column("If absent", 9, "center"), *work)
        if content.own
        else ()
    )
    return (
        Column("No.", 10, "center"),
        *severity,
        Column("Criterion", 10, "link"),
        Column(f"{content.us}: subject", 22, "strong"),
        Column("Category", 14),
        Column("Strength", 9, "center"),
        Column("Verdict", 12),
        Column("Shortfall", 10, "center"),
        Column("Missing there", 38),
        Column("Question to the other side", 42),
        *ours,
        Column("Weakest basis", 10, "center"),
        Column("Remarks", 16),
        Column("To source", 9, "link"),
    )


def _any_work(content: Content) -> bool:
    """Whether any gap has work of our own before the other side is asked."""
    return any(split_question(finding.question)[1] for finding in content.gaps)


def _row(content: Content, finding: Finding, number: int) -> Iterator[Value]:
    question, work = split_question(finding.question)
    yield number
    if content.own:
        yield severity_cell(finding.severity)
    yield Cell(finding.criterion, "link", content.place("criterion", finding.criterion))
    yield finding.title
    yield category_name(finding.category)
    yield word("strengths", finding.strength)
    yield verdict_cell(finding.verdict)
    yield word("shortfalls", finding.shortfall)
    yield bullets(
        finding.missing or dict.fromkeys(reason_words(r) for r in finding.reasons if r.kind == "shortfall")
    )
    yield question
    if content.own:
        yield finding.site_check
        yield word("severities", finding.if_absent)
        if _any_work(content):
            yield work
    yield word("bases", finding.basis)
    yield remarks(finding)
    place = content.source_place(finding)
    yield Cell("Source →", "link", place) if place else Cell("–", "center")
