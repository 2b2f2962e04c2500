"""Every program against every other: the counts of many comparisons, side by side.

Each cell is a comparison; pairs are shared out to worker processes, each with the rule engine in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from engine.case import Scope
from engine.comparison import compare
from engine.editions import pick_edition
from engine.findings import Comparison
from engine.matching import DirectMatcher
from engine.policy import SHIPPED, load_policy
from engine.recommending import VALIDATION, musts
from mappings.library import Library

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pair of obligations that may be related: to be compared by a person, never counted."""

    baseline: str
    obligation: str
    foreign: str
    provision: str
    control: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One foreign edition against one baseline: counts by verdict, and N with the similar of it.

    `similar` and `musts` are those of VERDICTS V7, for the criteria track; `counts` those of all
    compared criteria, validation procedures apart.
    """

    baseline: str
    foreign: str
    counts: dict[str, int]
    total: int
    provisional: int
    similar: int
    addressed: int
    musts: int
    recommendation: str
    validation: str
    overall: str
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All cells, in the order of baselines and then foreign editions."""

    as_of: date
    baselines: tuple[str, ...]
    foreigns: tuple[str, ...]
    cells: tuple[Cell, ...]

    def cell(self, baseline: str, foreign: str) -> Cell | None:
        """Return the cell of a pair, or None for an edition with itself."""
        return next((c for c in self.cells if (c.baseline, c.foreign) == (baseline, foreign)), None)


@dataclass(slots=True)
class _Worker:
    library: Library
    as_of: date
    policy_folder: Path
    matcher: DirectMatcher


_worker: _Worker | None = None


def _start(library: Library, as_of: date, policy_folder: Path) -> None:
    global _worker
    _worker = _Worker(library, as_of, policy_folder, DirectMatcher())


def _cells(baseline: str, foreigns: Sequence[str]) -> list[Cell]:
    if _worker is None:  # pragma: no cover - the pool always calls _start first
        raise RuntimeError("the worker was not started")
    policy = load_policy(_worker.matcher, _worker.policy_folder)
    editions = _worker.library.editions
    return [
        cell_of(
            compare(
                _worker.library,
                editions[baseline],
                editions[f],
                policy,
                _worker.matcher,
                _worker.as_of,
                Scope(),
            )
        )
        for f in foreigns
    ]


def matrix(
    library: Library,
    baselines: Sequence[str],
    foreigns: Sequence[str],
    as_of: date,
    policy_folder: Path = SHIPPED,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Matrix:
    """Compare every baseline with every foreign program or edition (names of either), as of a date.

    A program's own editions are not compared with each other here. Raises UnknownName, MatcherError.
    """
    left = [pick_edition(library, name, as_of)[0] for name in baselines]
    right = [pick_edition(library, name, as_of)[0] for name in foreigns]
    tasks = [(b.key, [f.key for f in right if f.program != b.program]) for b in left]
    total = sum(len(names) for _, names in tasks)
    # Starting a worker costs about as much as twenty comparisons.
    count = min(workers or min(2, os.cpu_count() or 1), max(1, total // 40))
    cells = []
    for number, cell in enumerate(_run(library, as_of, policy_folder, tasks, count), start=1):
        cells.append(cell)
        if progress:
            progress(f"{cell.foreign} against {cell.baseline}", number, total)
    return Matrix(as_of, tuple(b.key for b in left), tuple(f.key for f in right), tuple(cells))


def _run(
    library: Library, as_of: date, policy_folder: Path, tasks: Sequence[tuple[str, list[str]]], count: int
) -> Iterator[Cell]:
    chunks = [(b, names[i : i + 10]) for b, names in tasks for i in range(0, len(names), 10)]
    if count < 2:
        _start(library, as_of, policy_folder)
        for baseline, names in chunks:
            yield from _cells(baseline, names)
        return
    arguments = (library, as_of, policy_folder)
    with ProcessPoolExecutor(count, get_context("spawn"), _start, arguments) as pool:
        for cells in pool.map(_cells, *zip(*chunks, strict=True)):
            yield from cells


def cell_of(comparison: Comparison) -> Cell:
    """Return a comparison's counts as a cell."""
    findings = [finding for finding in comparison.findings if finding.category != VALIDATION]
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.verdict] = counts.get(finding.verdict, 0) + 1
    listed = musts(findings)
    conclusion = comparison.conclusion
    return Cell(
        baseline=comparison.baseline,
        foreign=comparison.foreign,
        counts=dict(sorted(counts.items())),
        total=len(findings),
        provisional=sum(finding.provisional for finding in findings),
        similar=sum(finding.similar for finding in listed),
        addressed=sum(finding.similar or finding.verdict == "partly_meets" for finding in listed),
        musts=len(listed),
        recommendation=conclusion.criteria.recommendation if conclusion.criteria else "",
        validation=conclusion.validation.recommendation if conclusion.validation else "",
        overall=conclusion.overall or "",
        proposals=tuple(_proposals(comparison)),
    )


def _proposals(comparison: Comparison) -> Iterator[Proposal]:
    for finding in comparison.findings:
        for one in finding.obligations:
            for evidence in (*one.evidence, *one.others):
                if evidence.path == "pending":
                    yield Proposal(
                        comparison.baseline,
                        one.id,
                        comparison.foreign,
                        evidence.obligation,
                        evidence.control,
                        one.outcome,
                    )
