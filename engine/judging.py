"""The outcome of a baseline obligation: for the headline and for each operator type (VERDICTS V4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from criteria.model import STRENGTH_RANK
from engine.assessing import Fired, PathResult, assess
from engine.case import Case
from engine.compiling import CompiledClause
from engine.completeness import completeness
from engine.facts import Clause
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
    best = _settled(case, results)
    silent, code = _silence(case, clause, [t for t in types if t in case.certified])
    outcome = best.outcome if best else silent
    strict = min(
        (r.strict for r in results if r.strict != "absent"), key=OUTCOME_RANK.__getitem__, default=silent
    )
    reasons = best.reasons if best else (Reason(code, obligation=clause.id),)
    by_operator = {operator: _for_operator(case, clause, results, operator) for operator in types}
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


def _settled(case: Case, results: Sequence[PathResult]) -> PathResult | None:
    """Return the best path; of equally well read sources in conflict, the looser reading."""
    if not results:
        return None
    best = results[0]
    refs = {ref for _, p, _ in best.answered for c in p.clauses for ref in c.criterion.conflicts_with}
    if not refs:
        return best
    rivals = [r for r in results if {c.criterion.ref for _, p, _ in r.answered for c in p.clauses} & refs]
    chosen = max([best, *rivals], key=lambda result: result.order)
    return replace(
        chosen, reasons=(*chosen.reasons, Reason("sources_conflict", "reservation", obligation=best.path))
    )


def _silence(case: Case, clause: Clause, types: Sequence[str]) -> tuple[str, str]:
    """Return what silence means: absent only where everything on the subject was read."""
    category = clause.criterion.category
    if case.library.unmapped(case.foreign.key):
        return "unknown", "provisions_unmapped"
    if types and all(_read_whole(case, category, operator) for operator in types):
        return "absent", "no_provision_found"
    return "unknown", "edition_incomplete"


def _read_whole(case: Case, category: str, operator: str) -> bool:
    key = (category, operator)
    if key not in case.silence:
        case.silence[key] = completeness(case.foreign, category, operator) == "full"
    return case.silence[key]


def _for_operator(
    case: Case, clause: Clause, results: Sequence[PathResult], operator: str
) -> tuple[str, str]:
    """Return the outcome, and the reason code where there is one, for one operator type."""
    if operator not in case.certified:
        return "not_applicable", "no_such_operator_type"
    for result in results:
        if operator in result.operators:
            return result.outcome, ""
    silent, code = _silence(case, clause, [operator])
    if any(operator in result.operators_unverified for result in results):
        return "unknown", "operator_type_unverified"
    return silent, "operator_type_missing" if results else code
