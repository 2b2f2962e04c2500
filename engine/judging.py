"""The outcome of a baseline obligation: for the headline and for each operator type (VERDICTS V4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from criteria.model import STRENGTH_RANK
from engine.assessing import Fired, PathResult, assess
from engine.case import Case
from engine.clauses import Clause
from engine.compiling import CompiledClause
from engine.completeness import completeness
from engine.findings import OUTCOME_RANK, Reason


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
    types = sorted(clause.operators | clause.operators_unverified)
    aside = _set_aside(case, clause)
    if aside:
        outcome, code = aside
        reason = Reason(code, "reservation", obligation=clause.id, foreign=clause.condition)
        return Judged(clause, outcome, outcome, None, (), (reason,), dict.fromkeys(types, (outcome, code)))
    results = assess(compiled, case.prepared.by_control, fired, case.policy.tables["outcome"], case.matcher)
    standing = _standing(case, results)
    best = _flagged(case, standing[0]) if standing else None
    silent, code = _silence(case, clause, [t for t in types if t in case.certified])
    outcome = best.outcome if best else silent
    strict = _strict(case, results) or silent
    reasons = best.reasons if best else (Reason(code, obligation=clause.id),)
    by_operator = _by_operator(case, clause, results, types)
    return Judged(clause, outcome, strict, best, results, reasons, by_operator)


def _set_aside(case: Case, clause: Clause) -> tuple[str, str] | None:
    """Return the outcome and reason of an obligation that is not compared (VERDICTS V4, rows 1 and 2)."""
    if clause.scope not in ("security", "forced_labor"):
        return "out_of_scope", "not_security"
    if clause.strength == STRENGTH_RANK["info"]:
        return "not_applicable", "information_only"
    if clause.condition in case.absent:
        return "not_applicable", "condition_cannot_arise"
    if not (clause.operators | clause.operators_unverified) & case.certified:
        return "not_applicable", "no_such_operator_type"
    return None


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


def _silence(case: Case, clause: Clause, types: Sequence[str]) -> tuple[str, str]:
    """Return what silence means: absent only where everything on the subject was read."""
    category = clause.criterion.category
    if case.unmapped:
        return "unknown", "provisions_unmapped"
    if types and all(_read_whole(case, category, operator) for operator in types):
        return "absent", "no_provision_found"
    return "unknown", "edition_incomplete"


def _read_whole(case: Case, category: str, operator: str) -> bool:
    key = (category, operator)
    if key not in case.silence:
        case.silence[key] = completeness(case.foreign, category, operator) == "full"
    return case.silence[key]


def _by_operator(
    case: Case, clause: Clause, results: Sequence[PathResult], types: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Return the outcome for every operator type; types that the same paths bind are judged once."""
    judged: dict[tuple[bool, ...], tuple[str, str]] = {}
    found = {}
    for operator in types:
        if not results:
            found[operator] = _unheard(case, clause, operator)
            continue
        bound = tuple([operator in result.operators for result in results])
        if operator in case.certified and any(bound):
            if bound not in judged:
                judged[bound] = _for_operator(case, clause, results, operator)
            found[operator] = judged[bound]
        else:
            found[operator] = _for_operator(case, clause, results, operator)
    return found


def _unheard(case: Case, clause: Clause, operator: str) -> tuple[str, str]:
    """Return the outcome for an operator type where no provision touches the obligation at all."""
    if operator not in case.certified:
        return "not_applicable", "no_such_operator_type"
    return _silence(case, clause, [operator])


def _for_operator(
    case: Case, clause: Clause, results: Sequence[PathResult], operator: str
) -> tuple[str, str]:
    """Return the outcome, and the reason code where there is one, for one operator type."""
    if operator not in case.certified:
        return "not_applicable", "no_such_operator_type"
    bound = _standing(case, [result for result in results if operator in result.operators])
    if bound:
        return bound[0].outcome, ""
    silent, code = _silence(case, clause, [operator])
    if any(operator in result.operators_unverified for result in results):
        return "unknown", "operator_type_unverified"
    return silent, "operator_type_missing" if results else code
