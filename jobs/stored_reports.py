"""Report files of a workspace: made from stored comparisons, kept as they were handed out."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

from engine.matrix import Matrix
from jobs.stored_comparisons import Case, load_case
from jobs.workshop import Actor, Progress, Workshop
from mappings.library import Library
from store import reports
from workbooks.report import write_report
from workbooks.report.matrix_book import write_matrix

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def report_bytes(case: Case, audience: str, marking: str, progress: Progress | None = None) -> bytes:
    """Return the gap report of a comparison; the same input gives the same bytes. Raises MraError."""
    buffer = io.BytesIO()
    write_report(
        case.comparison, case.library, buffer,
        marking=marking, audience=audience, policy=case.policy, progress=progress,
    )  # fmt: skip
    return buffer.getvalue()


def report_name(case: Case, audience: str) -> str:
    """Return the file name of a report: the pair, the day, and for whom it is."""
    made = case.comparison
    return f"{made.baseline}_{made.foreign}_{made.as_of:%Y-%m-%d}_{audience}.xlsx"


def make_report(
    workshop: Workshop,
    actor: Actor,
    comparison: str,
    audience: str = "own",
    marking: str = "",
    progress: Progress | None = None,
) -> reports.Report:
    """Write the gap report of a stored comparison, keep it, and return what was kept.

    Raises NotFound, MraError for a marking or audience that cannot be.
    """
    case = load_case(workshop, actor.workspace, comparison)
    data = report_bytes(case, audience, marking, progress)
    name = report_name(case, audience)
    details = {"audience": audience, "marking": marking}

    def save(session: Any) -> reports.Report:
        kept = reports.add(
            session, actor.workspace, "gap_report", name, data, actor.who,
            media_type=XLSX, subject=comparison, details=details,
        )  # fmt: skip
        actor.record(session, "report.created", "report", kept.id, comparison=comparison, audience=audience)
        actor.outcome(session, report_outcome(kept))
        return kept

    return workshop.store.run(save)


def matrix_bytes(matrix: Matrix, library: Library, marking: str = "") -> bytes:
    """Return a matrix as a workbook; raise MraError for a marking that cannot be."""
    with tempfile.TemporaryDirectory(prefix="mra-") as place:
        path = Path(place) / "matrix.xlsx"
        write_matrix(matrix, library, path, marking=marking)
        return path.read_bytes()


def keep_matrix(
    workshop: Workshop, actor: Actor, matrix: Matrix, library: Library, marking: str = ""
) -> reports.Report:
    """Keep a matrix as a workbook, and return what was kept."""
    data = matrix_bytes(matrix, library, marking)
    name = f"matrix_{matrix.as_of:%Y-%m-%d}.xlsx"

    def save(session: Any) -> reports.Report:
        kept = reports.add(
            session, actor.workspace, "matrix", name, data, actor.who, media_type=XLSX,
            details={"baselines": list(matrix.baselines)},
        )  # fmt: skip
        actor.record(session, "report.created", "report", kept.id, cells=len(matrix.cells))
        actor.outcome(session, matrix_outcome(kept, matrix))
        return kept

    return workshop.store.run(save)


def report_outcome(kept: reports.Report) -> dict[str, Any]:
    """Return what a job that made a report tells."""
    return {"report": kept.id, "comparison": kept.subject, "size": kept.size}


def matrix_outcome(kept: reports.Report, matrix: Matrix) -> dict[str, Any]:
    """Return what a job that made a matrix tells."""
    return {"report": kept.id, "cells": len(matrix.cells), "as_of": matrix.as_of.isoformat()}
