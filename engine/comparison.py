"""Compare a baseline edition with a foreign one: the whole way from facts to findings.

Pure and deterministic: the same library, editions, policy, scope and date give the same comparison,
whose id hashes all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from criteria.model import Edition
from criteria.problems import UnknownName
from criteria.vocabulary import vocabulary
from engine.case import Case, Prepared, Scope
from engine.clauses import conflicts_of, edition_clauses, version_of
from engine.compiling import Compiled, CompiledClause, RuleSet, compile_baseline
from engine.facts import Provision, direct_maps, provisions_of
from engine.findings import Comparison, Conclusion, Finding, Prerequisite, ReverseRow, Tally
from engine.grounds import grounds_of
from engine.judging import Judged, judge
from engine.matching import Batch, Matcher
from engine.policy import Policy
from engine.prerequisites import judge_prerequisites, status_on
from engine.recommending import conclude, tally
from engine.reverse import Untouched, legal_limit_note, reverse_rows, untouched_rows
from engine.verdicts import TOUCHED, findings_of
from mappings.library import Library
from mappings.model import Map

__all__ = ["Scope", "compare"]

NO_PROGRAM = ("none", "planned")


def compare(
    library: Library,
    baseline: Edition,
    foreign: Edition,
    policy: Policy,
    matcher: Matcher,
    as_of: date,
    scope: Scope | None = None,
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
    prepared = _prepared(library, baseline, foreign, as_of)
    case = Case(library, baseline, foreign, policy, matcher, scope, as_of, prepared)
    prerequisites = library.remember(
        ("prerequisites", foreign.key, baseline.key, policy.digest, as_of),
        lambda: judge_prerequisites(library, foreign, case.prepared.provisions, policy, matcher, as_of),
        as_of,
    )
    status = status_on(library.programs[foreign.program], as_of)
    if status is not None and status.status in NO_PROGRAM:
        return _no_comparison(
            case, prerequisites, f"No program then ({status.status}): no comparison is claimed.", warnings
        )
    judged = _judged(case)
    findings = tuple(findings_of(case, judged))
    reverse = tuple(reverse_rows(prepared.untouched, _touched(judged)))
    conclusion = replace(
        conclude(findings, prerequisites, policy, matcher), notes=legal_limit_note(reverse, baseline)
    )
    return _comparison(case, findings, reverse, prerequisites, conclusion, warnings)


def _no_comparison(
    case: Case, prerequisites: Sequence[Prerequisite], note: str, warnings: Sequence[str]
) -> Comparison:
    """Return a comparison without findings: the program did not exist yet, so none is claimed.

    Nor is a later text read as evidence of what its validation or security was then.
    """
    by_text = {model.key for model in case.policy.tables["prerequisite"].model.prerequisites if model.needs}
    told = [
        replace(one, verdict="not_evidenced", reasons=(note,), facts=(), sources=())
        if one.key in by_text
        else one
        for one in prerequisites
    ]
    return _comparison(case, (), (), told, Conclusion(None, None, "not_ready", (note,)), (*warnings, note))


def _comparison(
    case: Case,
    findings: tuple[Finding, ...],
    reverse: tuple[ReverseRow, ...],
    prerequisites: Sequence[Prerequisite],
    conclusion: Conclusion,
    warnings: Sequence[str],
) -> Comparison:
    return Comparison(
        id=_identity(case),
        as_of=case.as_of,
        scope={
            "operators": list(case.scope.operators),
            "count_forced_labor": case.scope.count_forced_labor,
        },
        policy={"name": case.policy.name, "digest": case.policy.digest},
        versions={
            "mutual-recognition": _own_version(),
            "durable_rules": _engine_version(),
            "library": case.library.digest,
        },
        baseline=case.baseline.key,
        foreign=case.foreign.key,
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
        conclusion=conclusion,
        warnings=tuple(warnings),
    )


@cache
def _engine_version() -> str:
    return version("durable_rules")


@cache
def _own_version() -> str:
    try:
        return version("mutual-recognition")
    except PackageNotFoundError:
        return "unreleased"


def _operator_tally(findings: Iterable[Finding], operator: str) -> Tally:
    counts = Counter(f.operators[operator] for f in findings if operator in f.operators)
    return Tally(dict(sorted(counts.items())), 0, counts.total())


def _prepared(library: Library, baseline: Edition, foreign: Edition, as_of: date) -> Prepared:
    """Return what is ready before matching, made once for dates between which nothing changes."""
    here, there = version_of(library, baseline, as_of), version_of(library, foreign, as_of)
    key = ("prepared", here, there)
    return library.remember(key, lambda: _prepare(library, baseline, foreign, as_of))


def _prepare(library: Library, baseline: Edition, foreign: Edition, as_of: date) -> Prepared:
    here, there = version_of(library, baseline, as_of), version_of(library, foreign, as_of)
    clauses = edition_clauses(library, baseline, as_of)
    direct: dict[str, list[Map]] = {}
    for _, target, one in direct_maps(library, foreign.key, baseline.key):
        direct.setdefault(target, []).append(one)

    def compiled() -> Compiled:
        return compile_baseline(clauses, library.maps_of(baseline.key).maps, library.controls, direct)

    def provisions() -> tuple[Provision, ...]:
        return provisions_of(library, foreign, baseline.key, as_of)

    def untouched() -> tuple[Untouched, ...]:
        return untouched_rows(library, baseline, foreign, as_of)

    # Direct maps belong to the pair; without any, a side is prepared once for all its partners.
    rules = library.remember(("compiled", here, foreign.key if direct else ""), compiled)
    sides = (there, baseline.key if direct else "")
    facts = library.remember(("provisions", sides), provisions)
    rows = library.remember(("untouched", there, baseline.direction), untouched)
    by_control: dict[str, list[Provision]] = {}
    for provision in facts:
        by_control.setdefault(provision.control, []).append(provision)
    asked = [(ruleset, batch) for ruleset in rules.rulesets if (batch := _batch(ruleset, facts)).facts]
    return Prepared(
        compiled=rules,
        provisions=facts,
        by_control=by_control,
        batches=tuple(batch for _, batch in asked),
        stages=_stages(rules.clauses, [ruleset for ruleset, _ in asked]),
        conflicts=conflicts_of(foreign),
        grounds=grounds_of(library, clauses, foreign),
        untouched=rows,
        told=library.remember(("told", sides), dict),
    )


def _batch(ruleset: RuleSet, provisions: Iterable[Provision]) -> Batch:
    facts = tuple(fact for one in provisions if one.control in ruleset.controls for fact in one.facts)
    return Batch.of(ruleset.rules, facts, ruleset.key)


def _stages(clauses: Iterable[CompiledClause], rulesets: Sequence[RuleSet]) -> tuple[tuple[int, ...], ...]:
    """Return for each ruleset in turn which clauses, by position, can be judged once it has been matched."""
    last = {control: number for number, ruleset in enumerate(rulesets) for control in ruleset.controls}
    stages: list[list[int]] = [[] for _ in range(max(1, len(rulesets)))]
    for position, compiled in enumerate(clauses):
        stages[max((last.get(one.control, 0) for one in compiled.questions), default=0)].append(position)
    return tuple(map(tuple, stages))


def _judged(case: Case) -> list[Judged]:
    """Return what each baseline clause comes to; some are judged while the engine matches the others."""
    prepared, fired = case.prepared, dict[str, set[str]]()
    clauses = prepared.compiled.clauses
    judged: dict[int, Judged] = {}
    matched = case.matcher.match(prepared.batches) if prepared.batches else [[]]
    for stage, firings in zip(prepared.stages, matched, strict=True):
        for rule, fact in firings:
            fired.setdefault(fact, set()).add(rule)
        judged |= {position: judge(case, clauses[position], fired) for position in stage}
    return [judged[position] for position in range(len(clauses))]


def _touched(judged: Iterable[Judged]) -> dict[str, list[str]]:
    """Return the baseline criteria that each foreign path touches, best outcome or not."""
    touched: dict[str, list[str]] = {}
    for one in judged:
        for result in one.results:
            if result.outcome in TOUCHED or result.outcome == "unknown":
                refs = touched.setdefault(result.path, [])
                if one.clause.criterion.ref not in refs:
                    refs.append(one.clause.criterion.ref)
    return touched


def _identity(case: Case) -> str:
    """Return the hash of everything the comparison follows from."""
    library = case.library
    parts = [
        library.content_hash(case.baseline.key),
        library.content_hash(case.foreign.key),
        case.policy.digest,
        case.prepared.compiled.digest,
        case.as_of.isoformat(),
        json.dumps([sorted(case.scope.operators), case.scope.count_forced_labor]),
        _own_version(),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
