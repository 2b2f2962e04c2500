"""The matrix of programs as a workbook: heat map with n of N, all counts, and what is uncertain."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from engine.findings import VERDICTS
from engine.matrix import Cell as Pair
from engine.matrix import Matrix
from mappings.library import Library
from workbooks.report.cells import Cell, Column, Value
from workbooks.report.publishing import check_writable, put
from workbooks.report.sheet import Book
from workbooks.report.styles import filled, tint
from workbooks.report.words import word
from workbooks.report.writing import MARKINGS, checked_marking

SIMILAR = "#0B6E4F"  # full share of similar musts; paler with a smaller share


def write_matrix(matrix: Matrix, library: Library, target: Path | str, *, marking: str = "") -> None:
    """Write a matrix to a path. Raises MraError where the path cannot be written or the marking cannot be."""
    check_writable(target)
    buffer = io.BytesIO()
    book = Book.open(
        buffer,
        title="Matrix of customs partnership programs",
        subject="Share of similar must criteria, every program against every baseline",
        marking=checked_marking(marking or MARKINGS["own"]),
        footer=f"{len(matrix.cells)} comparisons as of {matrix.as_of:%Y-%m-%d}",
        as_of=matrix.as_of,
    )
    _heat_map(book, matrix, library)
    _counts(book, matrix, library)
    _proposals(book, matrix)
    book.close()
    put(buffer.getvalue(), target)


def _name(library: Library, edition: str) -> str:
    program = library.programs[library.editions[edition].program]
    return f"{program.short_name or program.name} ({edition})"


def _heat_map(book: Book, matrix: Matrix, library: Library) -> None:
    columns = (
        Column("Foreign edition", 34, "row_label"),
        *(Column(_name(library, edition), 12, "center", "header_turned") for edition in matrix.baselines),
    )
    lead = (
        "Similar of N: exceeds, meets or partly met in form only, of the applicable in-scope must criteria."
    )
    sheet = book.sheet("Summary", "Programs against baselines", lead, across=len(columns))
    sheet.write(2, 1, Cell(lead, "lead"))
    rows = ([_name(library, f), *_shares(matrix, f)] for f in matrix.foreigns)
    sheet.table(columns, rows, frozen=1)


def _shares(matrix: Matrix, foreign: str) -> Iterator[Value]:
    for baseline in matrix.baselines:
        pair = matrix.cell(baseline, foreign)
        if pair is None:
            yield Cell("–", "center")
            continue
        text = f"{pair.similar} of {pair.musts}" + (
            f"\n{pair.provisional} provisional" if pair.provisional else ""
        )
        share = pair.similar / pair.musts if pair.musts else 0.0
        yield Cell(text, filled(tint(SIMILAR, share), bold=False, center=True))


def _counts(book: Book, matrix: Matrix, library: Library) -> None:
    columns = (
        Column("Baseline", 30),
        Column("Foreign edition", 30, "strong"),
        *(Column(word("verdicts", verdict), 10, "number") for verdict in VERDICTS),
        Column("Criteria", 9, "number"),
        Column("Provisional", 10, "number"),
        Column("Similar musts", 12, "center"),
        Column("Addressed musts", 12, "center"),
        Column("Criteria track", 20, "center"),
        Column("Validation track", 20, "center"),
        Column("Both (the worse)", 20, "center"),
        Column("Proposals", 9, "number"),
    )
    lead = "Verdicts on security criteria (validation procedures apart) and the recommendation of each track."
    sheet = book.sheet("Counts", "Counts of every comparison", lead, across=len(columns))
    sheet.table(columns, (list(_count_row(pair, library)) for pair in matrix.cells), frozen=2)


def _count_row(pair: Pair, library: Library) -> Iterator[Value]:
    yield _name(library, pair.baseline)
    yield _name(library, pair.foreign)
    for verdict in VERDICTS:
        yield pair.counts.get(verdict, 0)
    yield pair.total
    yield pair.provisional
    yield f"{pair.similar} of {pair.musts}"
    yield f"{pair.addressed} of {pair.musts}"
    for recommendation in (pair.recommendation, pair.validation, pair.overall):
        yield word("recommendations", recommendation) if recommendation else "–"
    yield len(pair.proposals)


def _proposals(book: Book, matrix: Matrix) -> None:
    columns = (
        Column("Baseline", 18),
        Column("Obligation", 16, "strong"),
        Column("Foreign edition", 18),
        Column("Provision", 40),
        Column("Control in common", 34),
        Column("Outcome now", 18, "center"),
    )
    lead = "Pairs on the same control without certain overlap. They count for nothing until a person decides."
    sheet = book.sheet("Proposals", "Uncertain pairs, to be reviewed", lead, across=len(columns))
    rows = (
        [p.baseline, p.obligation, p.foreign, p.provision, p.control, word("outcomes", p.outcome)]
        for pair in matrix.cells
        for p in pair.proposals
    )
    sheet.table(columns, rows, nothing="No uncertain pairs.")
