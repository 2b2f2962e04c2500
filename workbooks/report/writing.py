"""Write a gap report: one comparison, one workbook, all of it or nothing."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from criteria.files import DataFile, parse_model, parse_yaml
from criteria.problems import MraError
from engine.findings import Comparison
from engine.policy import SHIPPED, TABLES, Policy, TableModel
from mappings.library import Library
from workbooks.report.beyond import write_beyond
from workbooks.report.content import Audience, Content
from workbooks.report.gaps import write_gaps
from workbooks.report.lists import write_lists
from workbooks.report.method import write_method
from workbooks.report.obligations import write_obligations
from workbooks.report.operators import write_operators
from workbooks.report.prerequisites import SHEET as PREREQUISITES
from workbooks.report.prerequisites import write_prerequisites
from workbooks.report.profiles import write_profiles
from workbooks.report.publishing import check_writable, put
from workbooks.report.sheet import Book, Progress
from workbooks.report.side_by_side import write_side_by_side, write_validation
from workbooks.report.sources import write_sources
from workbooks.report.summary import write_summary

MARKINGS: Mapping[Audience, str] = {
    "own": "INTERNAL WORKING DOCUMENT – NOT FOR RELEASE TO THE OTHER SIDE",
    "partner": "WORKING DOCUMENT – SHARED WITH THE PARTNER ADMINISTRATION",
}
LONGEST_MARKING = 100


def write_report(
    comparison: Comparison,
    library: Library,
    target: Path | str | BinaryIO,
    *,
    marking: str = "",
    audience: str = "own",
    policy: Policy | None = None,
    progress: Progress | None = None,
) -> None:
    """Write the gap report of a comparison to a path or an open binary file.

    `library` must hold both editions as they were compared. `marking` stands on every page; without
    one, that of the audience. For the partner, severity, recommendation and site checks are left out
    everywhere. `policy` is the policy in force, by default the shipped one. The same input gives the
    same bytes. Raises MraError where the marking or the audience cannot be, or the path cannot be
    written.
    """
    if audience not in ("own", "partner"):
        raise MraError(f'"{audience}" is not an audience. Use own or partner.')
    known: Audience = "partner" if audience == "partner" else "own"
    marked = checked_marking(marking or MARKINGS[known])
    if isinstance(target, str | Path):
        check_writable(target)
    content = Content(comparison, library, _tables(comparison, policy), known)
    buffer = io.BytesIO()
    _write(buffer, content, marked, progress)
    if isinstance(target, str | Path):
        put(buffer.getvalue(), target)
    else:
        target.write(buffer.getvalue())


def checked_marking(marking: str) -> str:
    """Return a marking in one line; raise MraError if it is too long for a page header."""
    plain = " ".join(marking.split())
    if len(plain) > LONGEST_MARKING:
        raise MraError(f"The marking has {len(plain)} characters. Use at most {LONGEST_MARKING}.")
    return plain


def _write(buffer: BinaryIO, content: Content, marking: str, progress: Progress | None) -> None:
    book = Book.open(
        buffer,
        title=f"Side-by-side comparison: {content.pair}",
        subject="Comparison of customs partnership programs for mutual recognition",
        marking=marking,
        footer=f"{content.us} / {content.them}, {content.comparison.as_of:%Y-%m-%d}, "
        f"{content.comparison.id[:12]}",
        as_of=content.comparison.as_of,
    )
    writers = _writers(content)
    for number, (name, write) in enumerate(writers.items(), 1):
        if progress is not None:
            progress(name, number, len(writers))
        write(book, content)
    book.close()


def _writers(content: Content) -> Mapping[str, Callable[[Book, Content], None]]:
    """Return the writers of all sheets in the order of the workbook."""
    return {
        "Summary": write_summary,
        "Program profiles": write_profiles,
        "Side by side": write_side_by_side,
        "Validation procedures": write_validation,
        "Gaps": write_gaps,
        content.beyond_sheet: write_beyond,
        "Operator types": write_operators,
        "Obligations": write_obligations,
        PREREQUISITES: write_prerequisites,
        "Method": write_method,
        "Sources": write_sources,
        "Lists": write_lists,
    }


def _tables(comparison: Comparison, policy: Policy | None) -> Mapping[str, TableModel]:
    """Return the tables of the policy in force: those given, or the shipped ones if it is that policy."""
    if policy is not None:
        return {name: table.model for name, table in policy.tables.items()}
    texts = tuple((name, (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")) for name in TABLES)
    if hashlib.sha256(json.dumps(texts).encode()).hexdigest() != comparison.policy["digest"]:
        return {}
    tables = {}
    for name, text in texts:
        data, _ = parse_yaml(text, name)
        model, _ = parse_model(TableModel, data, DataFile(SHIPPED, name, data))
        if model is not None:
            tables[name] = model
    return tables
