"""Compare a baseline edition with a foreign one: the whole way from facts to findings.

Pure and deterministic: the same library, editions, policy, scope and date give the same comparison,
whose id hashes all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import PackageNotFoundError, version

from criteria.model import BASIS_RANK, STRENGTH_RANK, Criterion, Edition
from criteria.problems import UnknownName
from criteria.vocabulary import vocabulary
from engine.assessing import Fired, PathResult, assess, best_for
from engine.compiling import Compiled, CompiledClause, RuleSet, compile_baseline
from engine.facts import (
    Clause,
    Provision,
    certified_types,
    clauses_of,
    direct_maps,
    provisions_of,
    strength_word,
)
from engine.findings import (
    OUTCOME_RANK,
    SET_ASIDE,
    VERDICT_ORDER,
    Comparison,
    Evidence,
    Finding,
    ObligationFinding,
    Prerequisite,
    Reason,
    ReverseRow,
)
from engine.matching import Batch, Matcher
from engine.policy import Policy
from engine.recommending import conclude, tally
from engine.reverse import reverse_rows
from engine.wording import obligation_parts, parameters_in_words, question_for, site_check_for
from mappings.library import Library
from mappings.model import Map

MET = ("met_plus", "met")
TOUCHED = ("met_plus", "met", "form_only", "partial")


@dataclass(frozen=True, slots=True)
class Scope:
    """What is compared: operator types (none named: all), and whether forced labor counts in N."""

    operators: tuple[str, ...] = ()
    count_forced_labor: bool = False


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything one comparison looks at while it runs."""

    library: Library
    baseline: Edition
    foreign: Edition
    policy: Policy
    matcher: Matcher
    scope: Scope
    as_of: date
    compiled: Compiled
    provisions: tuple[Provision, ...]
    certified: frozenset[str]
    absent: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Judged:
    """An obligation's outcome: for the headline, without anything unverified, and per operator type."""

    clause: Clause
    outcome: str
    strict: str
    best: PathResult | None
    results: Sequence[PathResult]
    reasons: tuple[Reason, ...]
    by_operator: Mapping[str, tuple[str, str]]


def compare(
    library: Library,
    baseline: Edition,
    foreign: Edition,
    policy: Policy,
    matcher: Matcher,
    as_of: date,
    scope: Scope | None = None,
    prerequisites: Sequence[Prerequisite] = (),
    warnings: Sequence[str] = (),
) -> Comparison:
    """Return the comparison of `foreign` with `baseline` on a date.

    Raises UnknownName for an operator type in the scope that does not exist, MatcherError where the
    rule engine fails twice.
    """
    scope = scope or Scope()
    for operator in scope.operators:
        if operator not in vocabulary().operators:
            raise UnknownName("operator type", operator, vocabulary().operators)
    case = _case(library, baseline, foreign, policy, matcher, scope, as_of)
    judged = _judge_all(case)
    findings = tuple(_findings(case, judged))
    reverse = tuple(reverse_rows(library, baseline, foreign, as_of, _matched(judged)))
    return Comparison(
        id=_identity(case),
        as_of=as_of,
        scope={"operators": list(scope.operators), "count_forced_labor": scope.count_forced_labor},
        policy={"name": policy.name, "digest": policy.digest},
        versions={
            "mutual-recognition": _own_version(),
            "durable_rules": version("durable_rules"),
            "library": library.digest,
        },
        baseline=baseline.key,
        foreign=foreign.key,
        findings=findings,
        reverse=reverse,
        summary=tally(findings),
        categories={
            c: tally(f for f in findings if f.category == c)
            for c in vocabulary().categories
            if any(f.category == c for f in findings)
        },
        operators={
            o: _operator_tally(findings, o)
            for o in vocabulary().operators
            if any(o in f.operators for f in findings)
        },
        prerequisites=tuple(prerequisites),
        conclusion=conclude(findings, prerequisites, policy, matcher),
        warnings=tuple(warnings),
    )


def _own_version() -> str:
    try:
        return version("mutual-recognition")
    except PackageNotFoundError:
        return "unreleased"


def _operator_tally(findings: Iterable[Finding], operator: str) -> object:
    return tally(
        replace(f, verdict=f.operators[operator], provisional=False)
        for f in findings
        if operator in f.operators
    )


def _case(
    library: Library,
    baseline: Edition,
    foreign: Edition,
    policy: Policy,
    matcher: Matcher,
    scope: Scope,
    as_of: date,
) -> _Case:
    def compiled() -> Compiled:
        direct: dict[str, list[Map]] = {}
        for _, target, one in direct_maps(library, foreign.key, baseline.key):
            direct.setdefault(target, []).append(one)
        clauses = clauses_of(baseline, library.programs[baseline.program], as_of)
        return compile_baseline(clauses, library.maps_of(baseline.key).maps, library.controls, direct)

    pair = foreign.key if any({baseline.key, foreign.key} == set(names) for names in library.direct) else ""
    return _Case(
        library, baseline, foreign, policy, matcher, scope, as_of,
        compiled=library.remember(("compiled", baseline.key, pair, as_of), compiled),
        provisions=library.remember(("provisions", foreign.key, baseline.key if pair else "", as_of), lambda: provisions_of(library, foreign, baseline.key, as_of)),
        certified=certified_types(library.programs[foreign.program]),
        absent=frozenset(absent.condition for absent in foreign.conditions_absent),
    )  # fmt: skip


def _match(case: _Case) -> Fired:
    batches = [_batch(ruleset, case.provisions) for ruleset in case.compiled.rulesets]
    batches = [batch for batch in batches if batch.facts]
    fired: dict[str, set[str]] = {}
    for firings in case.matcher.match(batches):
        for rule, fact in firings:
            fired.setdefault(fact, set()).add(rule)
    return fired


def _batch(ruleset: RuleSet, provisions: Iterable[Provision]) -> Batch:
    return Batch(
        ruleset.rules, ruleset.key, tuple(p.fact for p in provisions if p.control in ruleset.controls)
    )


def _judge_all(case: _Case) -> list[_Judged]:
    fired = _match(case)
    by_control: dict[str, list[Provision]] = {}
    for provision in case.provisions:
        by_control.setdefault(provision.control, []).append(provision)
    return [_judge(case, compiled, by_control, fired) for compiled in case.compiled.clauses]


def _judge(
    case: _Case, compiled: CompiledClause, by_control: Mapping[str, Sequence[Provision]], fired: Fired
) -> _Judged:
    clause = compiled.clause
    types = sorted(clause.operators | clause.operators_unverified)
    aside = _set_aside(case, clause)
    if aside:
        outcome, code = aside
        reason = Reason(code, "reservation", obligation=clause.id, foreign=clause.condition)
        return _Judged(clause, outcome, outcome, None, (), (reason,), dict.fromkeys(types, (outcome, code)))
    results = assess(compiled, by_control, fired, case.policy.tables["outcome"], case.matcher)
    best = _settled(case, results)
    silent, code = _silence(case, clause, [t for t in types if t in case.certified])
    outcome = best.outcome if best else silent
    strict = min(
        (r.strict for r in results if r.strict != "absent"), key=OUTCOME_RANK.__getitem__, default=silent
    )
    reasons = best.reasons if best else (Reason(code, obligation=clause.id),)
    by_operator = {operator: _for_operator(case, clause, results, operator) for operator in types}
    return _Judged(clause, outcome, strict, best, results, reasons, by_operator)


def _set_aside(case: _Case, clause: Clause) -> tuple[str, str] | None:
    """Return the outcome and reason code of an obligation that is not compared (VERDICTS V4, rows 1 and 2)."""
    if clause.scope not in ("security", "forced_labor"):
        return "out_of_scope", "not_security"
    if clause.strength == STRENGTH_RANK["info"]:
        return "not_applicable", "information_only"
    if clause.condition in case.absent:
        return "not_applicable", "condition_cannot_arise"
    if not (clause.operators | clause.operators_unverified) & case.certified:
        return "not_applicable", "no_such_operator_type"
    return None


def _settled(case: _Case, results: Sequence[PathResult]) -> PathResult | None:
    """Return the best path; of equally well read sources in conflict, the looser reading."""
    if not results:
        return None
    best = results[0]
    refs = {ref for _, p in best.answered for c in p.clauses for ref in c.criterion.conflicts_with}
    if not refs:
        return best
    rivals = [r for r in results if {c.criterion.ref for _, p in r.answered for c in p.clauses} & refs]
    chosen = max([best, *rivals], key=lambda result: result.order)
    return replace(
        chosen, reasons=(*chosen.reasons, Reason("sources_conflict", "reservation", obligation=best.path))
    )


def completeness(edition: Edition, category: str, operator: str) -> str:
    """Return how much of what an edition asks in a category, of an operator type, was read."""
    level = edition.completeness.get(category, edition.completeness.get("default", "partial"))
    if isinstance(level, dict):
        return str(level.get(operator, level.get("default", "partial")))
    return str(level)


def _silence(case: _Case, clause: Clause, types: Sequence[str]) -> tuple[str, str]:
    """Return what silence means: absent only where everything on the subject was read."""
    category = clause.criterion.category
    if types and all(completeness(case.foreign, category, operator) == "full" for operator in types):
        return "absent", "no_provision_found"
    return "unknown", "edition_incomplete"


def _for_operator(
    case: _Case, clause: Clause, results: Sequence[PathResult], operator: str
) -> tuple[str, str]:
    """Return the outcome, and the reason code where there is one, for one operator type."""
    if operator not in case.certified:
        return "not_applicable", "no_such_operator_type"
    best = best_for(results, operator)
    if best is not None:
        return best.outcome, ""
    silent, code = _silence(case, clause, [operator])
    if any(operator in result.operators_unverified for result in results):
        return "unknown", "operator_type_unverified"
    return silent, "operator_type_missing" if results else code


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


def _decide_verdict(case: _Case, outcomes: Sequence[tuple[str, bool]]) -> tuple[str, str | None]:
    table, vector = case.policy.tables["verdict"], _verdict_vector(outcomes)
    found = table.memo.get(vector) or table.decide([vector], case.matcher)[vector]
    return found["verdict"], found.get("shortfall")


def _findings(case: _Case, judged: Sequence[_Judged]) -> Iterable[Finding]:
    grouped: dict[str, list[_Judged]] = {}
    for one in judged:
        grouped.setdefault(one.clause.criterion.ref, []).append(one)
    wanted = set(case.scope.operators)
    for obligations in grouped.values():
        types = {t for one in obligations for t in one.clause.operators | one.clause.operators_unverified}
        if not wanted or wanted & types:
            yield _finding(case, obligations[0].clause.criterion, obligations)


def _finding(case: _Case, criterion: Criterion, judged: Sequence[_Judged]) -> Finding:
    outcomes = [(one.outcome, _is_must(one)) for one in judged]
    verdict, shortfall = _decide_verdict(case, outcomes)
    strict, _ = _decide_verdict(
        case, [(one.strict if one.outcome not in SET_ASIDE else one.outcome, _is_must(one)) for one in judged]
    )
    obligations = tuple(_obligation_finding(one, any(must for _, must in outcomes)) for one in judged)
    must = (
        any(must and outcome not in SET_ASIDE for outcome, must in outcomes)
        or all(o in SET_ASIDE for o, _ in outcomes)
        and any(m for _, m in outcomes)
    )
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
        reasons=tuple(dict.fromkeys(reason for one in judged for reason in one.reasons)),
        common=tuple(dict.fromkeys(text for o in obligations for text in o.common)),
        missing=tuple(dict.fromkeys(text for o in obligations for text in o.missing)),
        extra=tuple(dict.fromkeys(text for o in obligations for text in o.extra)),
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


def _is_must(one: _Judged) -> bool:
    return one.clause.strength == STRENGTH_RANK["must"]


def _counted(case: _Case, criterion: Criterion, judged: Sequence[_Judged]) -> bool:
    """Whether a criterion counts in N: not if its own text is unverified and unnumbered, nor forced labor by default."""
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
    case: _Case, criterion: Criterion, verdict: str, shortfall: str | None, must: bool
) -> tuple[str, str]:
    table, group = case.policy.tables["severity"], case.policy.group(criterion.category)
    actual = (verdict, shortfall or "none", int(must), group)
    absent = ("no_counterpart", "none", int(must), group)
    decided = table.decide([actual, absent], case.matcher)
    severity = decided[actual]["severity"]
    return severity, decided[absent]["severity"] if severity == "clarify" else ""


def _operator_verdicts(case: _Case, judged: Sequence[_Judged]) -> dict[str, str]:
    wanted = case.scope.operators or tuple(vocabulary().operators)
    verdicts = {}
    for operator in wanted:
        outcomes = [
            (one.by_operator[operator][0], _is_must(one)) for one in judged if operator in one.by_operator
        ]
        if outcomes:
            verdicts[operator] = _decide_verdict(case, outcomes)[0]
    return verdicts


def _obligation_finding(one: _Judged, has_core: bool) -> ObligationFinding:
    common, missing, extra = obligation_parts(one.clause, one.best, one.outcome)
    evidence = (
        tuple(_evidence(question.labels, one.best, provision) for question, provision in one.best.answered)
        if one.best
        else ()
    )
    others = [r for r in one.results if one.best is None or r.path != one.best.path]
    return ObligationFinding(
        id=one.clause.id,
        text=one.clause.text,
        strength=strength_word(one.clause.strength),
        core=_is_must(one) or not has_core,
        outcome=one.outcome,
        path=one.best.path if one.best else "",
        reasons=one.reasons,
        common=common,
        missing=missing,
        extra=extra,
        evidence=evidence if one.outcome not in ("pending",) else (),
        operators={operator: outcome for operator, (outcome, _) in one.by_operator.items()},
        proposals=(evidence if one.outcome == "pending" else ())
        + tuple(_evidence({}, r, p) for r in others for _, p in r.answered),
    )


def _evidence(labels: Mapping[str, str], result: PathResult, provision: Provision) -> Evidence:
    criterion = provision.clauses[0].criterion
    return Evidence(
        provision=provision.ref,
        obligation=provision.path,
        text=provision.text,
        strength=strength_word(provision.strength),
        instrument=criterion.instrument,
        parameters=parameters_in_words(provision),
        control=provision.control,
        relationship=provision.relationship.value,
        rationale=provision.map.rationale,
        confidence=provision.map.confidence,
        map_status=provision.map.status,
        basis=provision.basis,
        source={"id": criterion.source.id, "reference": criterion.source.reference},
        path=result.outcome,
    )


def _weakest_basis(criterion: Criterion, obligations: Sequence[ObligationFinding]) -> str:
    used = [criterion.basis, *(e.basis for o in obligations for e in o.evidence)]
    return min(used, key=BASIS_RANK.__getitem__)


def _source(library: Library, edition: Edition, criterion: Criterion) -> dict[str, str]:
    source = library.programs[edition.program].sources[criterion.source.id]
    return {"document": source.document, "reference": criterion.source.reference, "url": source.url}


def _matched(judged: Iterable[_Judged]) -> dict[str, list[str]]:
    """Return the baseline criteria that each foreign path touches, best outcome or not."""
    touched: dict[str, list[str]] = {}
    for one in judged:
        for result in one.results:
            if result.outcome in TOUCHED or result.outcome == "unknown":
                refs = touched.setdefault(result.path, [])
                if one.clause.criterion.ref not in refs:
                    refs.append(one.clause.criterion.ref)
    return touched


def _identity(case: _Case) -> str:
    """Return the hash of everything the comparison follows from."""
    library = case.library
    parts = [
        library.content_hash(case.baseline.key),
        library.content_hash(case.foreign.key),
        case.policy.digest,
        case.compiled.digest,
        case.as_of.isoformat(),
        json.dumps([sorted(case.scope.operators), case.scope.count_forced_labor]),
        _own_version(),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


__all__ = ["Comparison", "ReverseRow", "Scope", "compare", "completeness"]
