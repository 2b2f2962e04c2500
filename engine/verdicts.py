"""The finding on a baseline criterion: its obligations' outcomes judged by the policy (VERDICTS V5, V6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from criteria.model import BASIS_RANK, Criterion, Edition
from criteria.vocabulary import vocabulary
from engine.assessing import PathResult
from engine.case import Case
from engine.clauses import strength_word
from engine.facts import Provision
from engine.findings import SET_ASIDE, VERDICT_ORDER, Evidence, Finding, ObligationFinding
from engine.judging import Judged
from engine.wording import obligation_parts, parameters_in_words, question_for, site_check_for
from mappings.library import Library

MET = ("met_plus", "met")
TOUCHED = ("met_plus", "met", "form_only", "partial")


def _verdict_vector(outcomes: Sequence[tuple[str, bool]]) -> tuple[int, ...]:
    """Return the tally vector of a criterion from its obligations' outcomes and whether each is a must."""
    left = [(outcome, must) for outcome, must in outcomes if outcome not in SET_ASIDE]
    if not left:
        return (int(bool(outcomes) and all(o == "out_of_scope" for o, _ in outcomes)), 0, 0, 0, 0, 0, 0, 0, 0)
    core = [outcome for outcome, must in left if must] or [outcome for outcome, _ in left]
    every = [outcome for outcome, _ in left]
    return (
        0,
        1,
        int(all(o in MET for o in core)),
        int(all(o in MET for o in every)),
        int("met_plus" in every),
        int(any(o in TOUCHED for o in every)),
        int(not any(o in ("partial", "absent") for o in core)),
        int("pending" in core),
        int("unknown" in core),
    )


def _decide_verdict(case: Case, outcomes: Sequence[tuple[str, bool]]) -> tuple[str, str | None]:
    key = tuple(outcomes)
    if key not in case.verdicts:
        found = case.policy.tables["verdict"].decide_one(_verdict_vector(outcomes), case.matcher)
        case.verdicts[key] = found["verdict"], found.get("shortfall")
    return case.verdicts[key]


def findings_of(case: Case, judged: Sequence[Judged]) -> Iterator[Finding]:
    """Yield the finding on every baseline criterion in scope, in the edition's order."""
    grouped: dict[str, list[Judged]] = {}
    for one in judged:
        grouped.setdefault(one.clause.criterion.ref, []).append(one)
    wanted = set(case.scope.operators)
    for obligations in grouped.values():
        types = {t for one in obligations for t in one.clause.operators | one.clause.operators_unverified}
        if not wanted or wanted & types:
            yield _finding(case, obligations[0].clause.criterion, obligations)


def _finding(case: Case, criterion: Criterion, judged: Sequence[Judged]) -> Finding:
    outcomes = [(one.outcome, one.must) for one in judged]
    verdict, shortfall = _decide_verdict(case, outcomes)
    strict, _ = _decide_verdict(
        case, [(one.strict if one.outcome not in SET_ASIDE else one.outcome, one.must) for one in judged]
    )
    has_core = any(one.must for one in judged)
    obligations = tuple([_obligation_finding(case, one, has_core) for one in judged])
    compared = [must for outcome, must in outcomes if outcome not in SET_ASIDE]
    must = any(compared) if compared else has_core
    severity, if_absent = _severity(case, criterion, verdict, shortfall, must)
    return Finding(
        criterion=criterion.ref,
        title=criterion.title,
        text=criterion.statement.strip(),
        category=criterion.category,
        strength="must" if must else strength_word(max(one.clause.strength for one in judged)),
        verdict=verdict,
        shortfall=shortfall,
        provisional=VERDICT_ORDER[strict] < VERDICT_ORDER[verdict],
        counted=_counted(case, criterion, judged),
        unnumbered=criterion.unnumbered,
        reasons=tuple([reason for one in judged for reason in one.reasons]),
        common=tuple(dict.fromkeys([text for o in obligations for text in o.common])),
        missing=tuple(dict.fromkeys([text for o in obligations for text in o.missing])),
        extra=tuple(dict.fromkeys([text for o in obligations for text in o.extra])),
        severity=severity,
        if_absent=if_absent,
        question=question_for(criterion, verdict, obligations),
        site_check=site_check_for(criterion, verdict, obligations),
        basis=_weakest_basis(criterion, obligations),
        baseline_basis=criterion.basis,
        source=_source(case.library, case.baseline, criterion),
        operators=_operator_verdicts(case, judged),
        operators_unverified=tuple(sorted({t for one in judged for t in one.clause.operators_unverified})),
        obligations=obligations,
        notes=_notes(criterion),
    )


def _counted(case: Case, criterion: Criterion, judged: Sequence[Judged]) -> bool:
    """Whether a criterion counts in N: no unverified unnumbered text, and forced labor only if asked for."""
    if criterion.unnumbered and criterion.basis == "unverified":
        return False
    return case.scope.count_forced_labor or any(one.clause.scope != "forced_labor" for one in judged)


def _notes(criterion: Criterion) -> tuple[str, ...]:
    notes = []
    if criterion.unnumbered:
        notes.append("Official number not established.")
    if criterion.unverified_parts:
        notes.append(
            f"Not verified in the baseline, never held against the other side: {criterion.unverified_parts}."
        )
    return tuple(notes)


def _severity(
    case: Case, criterion: Criterion, verdict: str, shortfall: str | None, must: bool
) -> tuple[str, str]:
    table, group = case.policy.tables["severity"], case.policy.group(criterion.category)
    actual = (verdict, shortfall or "none", int(must), group)
    # What is open, once known to be absent, leaves a criterion that is touched partly met in substance.
    touched = verdict == "partly_meets"
    lacking = ("partly_meets", "substance") if touched else ("no_counterpart", "none")
    absent = (*lacking, int(must), group)
    severity = table.decide_one(actual, case.matcher)["severity"]
    if severity != "clarify":
        return severity, ""
    return severity, table.decide_one(absent, case.matcher)["severity"]


def _operator_verdicts(case: Case, judged: Sequence[Judged]) -> dict[str, str]:
    told = [(one.by_operator, one.must) for one in judged]
    verdicts = {}
    for operator in case.scope.operators or vocabulary().operators:
        outcomes = tuple([(found[operator][0], must) for found, must in told if operator in found])
        if outcomes:
            known = case.verdicts.get(outcomes) or _decide_verdict(case, outcomes)
            verdicts[operator] = known[0]
    return verdicts


def _obligation_finding(case: Case, one: Judged, has_core: bool) -> ObligationFinding:
    common, missing, extra = obligation_parts(one.clause, one.best, one.outcome)
    path = one.best.path if one.best else ""
    return ObligationFinding(
        id=one.clause.id,
        text=one.clause.text,
        strength=strength_word(one.clause.strength),
        core=one.must or not has_core,
        outcome=one.outcome,
        path=path,
        reasons=one.reasons,
        common=common,
        missing=missing,
        extra=extra,
        evidence=_evidence(case, [one.best] if one.best else ()),
        operators={operator: outcome for operator, (outcome, _) in one.by_operator.items()},
        others=_evidence(case, [result for result in one.results if result.path != path]),
    )


def _evidence(case: Case, results: Iterable[PathResult]) -> tuple[Evidence, ...]:
    told, found = case.prepared.told, []
    for result in results:
        for question, provision, rules in result.answered:
            if provision.id not in told:
                told[provision.id] = _told(case, provision)
            found.append(Evidence(**told[provision.id], rules=question.fired(rules), path=result.outcome))
    return tuple(found)


def _told(case: Case, provision: Provision) -> dict[str, Any]:
    criterion = provision.clauses[0].criterion
    return {
        "provision": provision.ref,
        "obligation": provision.path,
        "text": provision.text,
        "strength": strength_word(provision.strength),
        "instrument": criterion.instrument,
        "parameters": parameters_in_words(provision),
        "control": provision.control,
        "relationship": provision.relationship.value,
        "rationale": provision.map.rationale,
        "confidence": provision.map.confidence,
        "map_status": provision.map.status,
        "basis": provision.basis,
        "source": _source(case.library, case.foreign, criterion),
    }


def _weakest_basis(criterion: Criterion, obligations: Sequence[ObligationFinding]) -> str:
    used = [criterion.basis, *(e.basis for o in obligations for e in o.evidence)]
    return min(used, key=BASIS_RANK.__getitem__)


def _source(library: Library, edition: Edition, criterion: Criterion) -> dict[str, str]:
    source = library.programs[edition.program].sources[criterion.source.id]
    return {"document": source.document, "reference": criterion.source.reference, "url": source.url}
