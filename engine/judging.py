"""The outcome of a baseline obligation: for the headline and for each operator type (VERDICTS V4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from criteria.model import STRENGTH_RANK
from engine.assessing import Fired, PathResult, assess
from engine.case import Case
from engine.clauses import Clause
from engine.compiling import CompiledClause
from engine.findings import OUTCOME_RANK, Reason
from engine.grounds import Ground


@dataclass(frozen=True, slots=True)
class Judged:
    """An obligation's outcome: for the headline, without anything unverified, and per operator type."""

    clause: Clause
    outcome: str
    strict: str
    best: PathResult | None
    results: Sequence[PathResult]
    reasons: tuple[Reason, ...]
    by_operator: Mapping[str, tuple[str, str]]

    @property
    def must(self) -> bool:
        """Whether the obligation is a must on the date of the comparison."""
        return self.clause.strength == STRENGTH_RANK["must"]


def judge(case: Case, compiled: CompiledClause, fired: Fired) -> Judged:
    """Return the outcome of one baseline obligation, given which rules fired on which provision."""
    clause = compiled.clause
    ground = case.prepared.grounds[clause.id]
    if ground.aside:
        outcome, code = ground.aside
        reason = Reason(code, "reservation", obligation=clause.id, foreign=clause.condition)
        return Judged(clause, outcome, outcome, None, (), (reason,), ground.by_operator)
    results = assess(compiled, case.prepared.by_control, fired, case.policy.tables["outcome"], case.matcher)
    silent, code = ground.silence
    if not results:
        reason = Reason(code, obligation=clause.id)
        return Judged(clause, silent, silent, None, (), (reason,), ground.by_operator)
    best = _flagged(case, _standing(case, results)[0])
    strict = _strict(case, results) or silent
    return Judged(
        clause, best.outcome, strict, best, results, best.reasons, _by_operator(case, ground, results)
    )


def _standing(case: Case, results: Sequence[PathResult]) -> Sequence[PathResult]:
    """Return the paths that stand: of equally well read sources in conflict, only the looser reading."""
    if not case.prepared.conflicts:
        return results
    return [result for result, outcome in _heard(case, [(one, one.outcome) for one in results])]


def _strict(case: Case, results: Sequence[PathResult]) -> str | None:
    """Return the outcome without anything unverified, None where nothing is left."""
    left = [(one, one.strict) for one in results if one.strict != "absent"]
    heard = _heard(case, left) if case.prepared.conflicts else left
    return min((outcome for _, outcome in heard), key=OUTCOME_RANK.__getitem__, default=None)


def _heard(case: Case, results: Sequence[tuple[PathResult, str]]) -> list[tuple[PathResult, str]]:
    """Return the paths, each with its outcome, that no source in conflict says less than.

    A path's reading is the best it says of the obligation; one that says nothing certain overrules none.
    """
    reading: dict[str, str] = {}
    refs: dict[str, frozenset[str]] = {}
    for result, outcome in results:
        reading[result.path] = min(outcome, reading.get(result.path, outcome), key=OUTCOME_RANK.__getitem__)
        refs[result.path] = result.refs
    certain = {path for path, outcome in reading.items() if OUTCOME_RANK[outcome] <= OUTCOME_RANK["partial"]}
    overruled = {
        path
        for path, outcome in reading.items()
        if any(
            refs[other] & _against(case, refs[path]) and OUTCOME_RANK[outcome] < OUTCOME_RANK[reading[other]]
            for other in certain
        )
    }
    return [(result, outcome) for result, outcome in results if result.path not in overruled]


def _against(case: Case, refs: Iterable[str]) -> frozenset[str]:
    conflicts = case.prepared.conflicts
    return frozenset().union(*(conflicts.get(ref, frozenset()) for ref in refs))


def _flagged(case: Case, best: PathResult) -> PathResult:
    """Return the path, with the reservation where another source says otherwise."""
    if not _against(case, best.refs):
        return best
    conflict = Reason("sources_conflict", "reservation", obligation=best.path)
    return replace(best, reasons=(*best.reasons, conflict))


def _by_operator(case: Case, ground: Ground, results: Sequence[PathResult]) -> dict[str, tuple[str, str]]:
    """Return the outcome, and the reason code where there is one, for every operator type."""
    found = dict(ground.by_operator)
    judged: dict[tuple[bool, ...], tuple[str, str]] = {}  # types that the same paths bind are judged once
    for operator in ground.certified:
        bound = tuple([operator in result.operators for result in results])
        if bound not in judged and True in bound:
            heard = [result for result, holds in zip(results, bound, strict=True) if holds]
            judged[bound] = _standing(case, heard)[0].outcome, ""
        if bound in judged:
            found[operator] = judged[bound]
        elif any(operator in result.operators_unverified for result in results):
            found[operator] = "unknown", "operator_type_unverified"
        else:
            found[operator] = found[operator][0], "operator_type_missing"
    return found
