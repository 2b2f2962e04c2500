"""Which tally vectors can arise: the cases a policy table must decide."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Vector = tuple[int | str, ...]
Thresholds = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Reachable:
    """The fields of a table's vector, and every vector that can arise."""

    fields: tuple[str, ...]
    vectors: Callable[[Thresholds], list[Vector]]


def _binary(count: int, allowed: Callable[..., bool]) -> list[Vector]:
    return [bits for bits in itertools.product((0, 1), repeat=count) if allowed(*bits)]


OUTCOME = (
    "counts", "full", "deemed", "regime_read", "covers", "overlaps", "parameters_met", "same_condition",
    "binding", "at_least_should", "plus",
)  # fmt: skip
VERDICT = (
    "out_of_scope",
    "applicable",
    "core_met",
    "all_met",
    "plus",
    "touched",
    "form_only",
    "open",
    "thin",
)
SEVERITY = ("verdict", "shortfall", "must", "group")
PREREQUISITE = ("kind", "status", "essential_absent", "essential_open", "met_share", "absent_share")
STATUSES = ("none", "planned", "pilot", "operational", "closed", "unknown")
RECOMMENDATION = (
    "prerequisite_not_met", "prerequisite_not_evidenced", "musts", "open_share", "similar_share",
    "addressed_share", "critical", "critical_share", "weakest_core_share",
)  # fmt: skip


def _outcome(
    counts: int, full: int, deemed: int, regime: int, covers: int, overlaps: int, *rest: int
) -> bool:
    return not (covers and overlaps) and deemed >= regime


def _verdict(
    out: int,
    applicable: int,
    core: int,
    whole: int,
    plus: int,
    touched: int,
    form: int,
    unread: int,
    thin: int,
) -> bool:
    if out or not applicable:
        return not (out and applicable) and not (core or whole or plus or touched or form or unread or thin)
    if (plus and not touched) or (whole and not (core and touched)) or (core and not (touched and form)):
        return False
    if core and (unread or thin):
        return False
    # Without any path at all the core is pending, unknown or absent.
    return not (form and not core and not (touched or unread or thin))


def _severities(_: Thresholds) -> list[Vector]:
    plain = (
        "exceeds",
        "meets",
        "no_counterpart",
        "not_evidenced",
        "not_reviewed",
        "not_applicable",
        "out_of_scope",
    )
    verdicts = [
        *((v, "none") for v in plain),
        *(("partly_meets", s) for s in ("form", "substance", "unknown")),
    ]
    groups = ("core", "standard", "supporting")
    return [(v, s, must, group) for (v, s), must, group in itertools.product(verdicts, (0, 1), groups)]


def _prerequisites(thresholds: Thresholds) -> list[Vector]:
    by_status: list[Vector] = [("status", status, 0, 0, 0, 0) for status in STATUSES]
    sides = [thresholds.get(name) or (0,) for name in PREREQUISITE[2:]]
    by_needs: list[Vector] = [("needs", "none", *numbers) for numbers in itertools.product(*sides)]
    return by_status + by_needs


def _recommendations(thresholds: Thresholds) -> list[Vector]:
    """Return every mix of the two sides of each threshold; a few of them cannot arise."""
    return list(itertools.product(*(thresholds.get(name) or (0,) for name in RECOMMENDATION)))


REACHABLE: Mapping[str, Reachable] = {
    "outcome": Reachable(OUTCOME, lambda _: _binary(len(OUTCOME), _outcome)),
    "verdict": Reachable(VERDICT, lambda _: _binary(len(VERDICT), _verdict)),
    "severity": Reachable(SEVERITY, _severities),
    "prerequisite": Reachable(PREREQUISITE, _prerequisites),
    "recommendation": Reachable(RECOMMENDATION, _recommendations),
}
