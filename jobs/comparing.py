"""Use cases around a comparison, as plain functions: compare, explain, list programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from criteria.model import Edition
from criteria.problems import UnknownName
from criteria.vocabulary import vocabulary
from engine.comparison import Scope, compare
from engine.editions import pick_edition
from engine.findings import Comparison, Finding
from engine.matching import Matcher, default_matcher
from engine.policy import SHIPPED, Policy, load_policy
from mappings.library import Library


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be compared: names of programs or editions, operator types, and the date."""

    foreign: str
    baseline: str = "ctpat"
    operators: tuple[str, ...] = ()
    as_of: date | None = None
    count_forced_labor: bool = False


def policy_from(folder: Path | None = None, matcher: Matcher | None = None) -> Policy:
    """Return the shipped policy, or the one in a folder."""
    return load_policy(matcher or default_matcher(), folder or SHIPPED)


def run_comparison(
    library: Library,
    request: Request,
    today: date,
    policy: Policy | None = None,
    matcher: Matcher | None = None,
) -> Comparison:
    """Return the comparison that a request asks for; `today` stands in where it names no date."""
    matcher = matcher or default_matcher()
    as_of = request.as_of or today
    for operator in request.operators:
        if operator not in vocabulary().operators:
            raise UnknownName("operator type", operator, vocabulary().operators)
    baseline, notes = pick_edition(library, request.baseline, as_of)
    foreign, more = pick_edition(library, request.foreign, as_of)
    return compare(
        library,
        baseline,
        foreign,
        policy or policy_from(matcher=matcher),
        matcher,
        as_of,
        Scope(request.operators, request.count_forced_labor),
        warnings=(*notes, *more),
    )


def matrix_names(library: Library, baseline: str) -> tuple[list[str], list[str]]:
    """Return the baselines and the foreign programs of a matrix; `all` takes every program as both."""
    programs = sorted(
        key for key in library.programs if any(e.program == key for e in library.editions.values())
    )
    if baseline == "all":
        return programs, programs
    library.edition(baseline)
    return [baseline], programs


def finding_of(comparison: Comparison, criterion: str) -> Finding:
    """Return the finding on a criterion; raise UnknownName with the nearest references."""
    for finding in comparison.findings:
        if finding.criterion == criterion:
            return finding
    raise UnknownName(
        "criterion of " + comparison.baseline, criterion, (f.criterion for f in comparison.findings)
    )


@dataclass(frozen=True, slots=True)
class ProgramRow:
    """A program in one line: its editions, sizes and how much of it was read as text."""

    key: str
    name: str
    country: str
    administration: str
    editions: tuple[str, ...]
    current: str
    criteria: int
    obligations: int
    read: int


def program_rows(library: Library) -> list[ProgramRow]:
    """Return a row per program, sorted by key; sizes are those of the current edition."""
    rows = []
    for key, program in sorted(library.programs.items()):
        editions = sorted((e for e in library.editions.values() if e.program == key), key=lambda e: e.key)
        current = next(
            (e for e in editions if e.key == program.current_edition), editions[-1] if editions else None
        )
        rows.append(_row(key, program.name, program.country, program.administration, editions, current))
    return rows


def _row(
    key: str,
    name: str,
    country: str,
    administration: str,
    editions: Sequence[Edition],
    current: Edition | None,
) -> ProgramRow:
    criteria = current.criteria if current else ()
    return ProgramRow(
        key=key,
        name=name,
        country=country,
        administration=administration,
        editions=tuple(edition.key for edition in editions),
        current=current.key if current else "",
        criteria=len(criteria),
        obligations=sum(len(criterion.obligations) for criterion in criteria),
        read=sum(criterion.basis in ("text", "excerpt") for criterion in criteria),
    )
