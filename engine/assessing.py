"""What each path does for a baseline obligation, read from the rules that fired (VERDICTS V2 to V4).

One path must carry everything: a single foreign obligation, a joint group, or a deeming provision.
Never the strength of one and the interval of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from criteria.dimensions import Value
from engine.clauses import NO_CONDITION, Clause, strength_word
from engine.compiling import Check, CompiledClause, Question
from engine.facts import DIRECT, Provision
from engine.findings import OUTCOME_RANK, Reason, ReasonKind
from engine.matching import Matcher
from engine.policy import Table
from mappings.relationships import Relationship, compose, inverse

Fired = Mapping[str, Set[str]]
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PathResult:
    """What one path does for one obligation. `strict` is the same without anything unverified."""

    path: str
    outcome: str
    strict: str
    reasons: tuple[Reason, ...]
    answered: tuple[tuple[Question, Provision, Set[str]], ...]
    operators: frozenset[str]
    operators_unverified: frozenset[str]
    order: tuple[object, ...]

    @property
    def refs(self) -> frozenset[str]:
        """The foreign criteria it stands in."""
        return self.answered[0][1].refs


@dataclass(slots=True)
class _Answer:
    """The rules' answers to one question about one provision."""

    question: Question
    provision: Provision
    covers: bool
    overlaps: bool
    counts: bool
    full: bool
    binding: bool
    stronger: bool
    at_least_should: bool
    same_condition: bool
    reasons: Sequence[Reason]
    strict_reasons: Sequence[Reason]
    rules: Set[str]

    @property
    def flags(self) -> tuple[bool, ...]:
        """What must hold of every answer of a group for it to hold of the group."""
        return (
            self.counts,
            self.full,
            self.covers,
            self.same_condition,
            self.binding,
            self.at_least_should,
            self.stronger,
        )


def assess(
    compiled: CompiledClause,
    by_control: Mapping[str, Sequence[Provision]],
    fired: Fired,
    table: Table,
    matcher: Matcher,
) -> list[PathResult]:
    """Return what every path does for an obligation, the best first."""
    answers: dict[str, list[_Answer]] = {}
    for question in compiled.questions:
        for provision in by_control.get(question.control, ()):
            rules = fired.get(provision.id, NOTHING)
            if question.addressed in rules:
                answers.setdefault(provision.path, []).append(
                    _answer(compiled.clause, question, provision, rules, fired)
                )
    _direct_maps_override(answers, DIRECT + compiled.clause.id)
    results = [
        _result(compiled.clause, path, group, table, matcher)
        for path, found in answers.items()
        for group in _groups(compiled, found)
    ]
    return sorted(results, key=lambda result: result.order)


def _direct_maps_override(answers: dict[str, list[_Answer]], direct: str) -> None:
    """Leave of a path with reviewed direct maps only these; no-relationship leaves nothing of it."""
    for path, found in answers.items():
        told = [answer for answer in found if answer.question.control == direct]
        if told:
            answers[path] = [one for one in told if one.provision.relationship is not Relationship.NONE]


def _groups(compiled: CompiledClause, answers: Sequence[_Answer]) -> Iterator[list[_Answer]]:
    """Yield the answers that stand for themselves, and those on parts of the obligation together."""
    for answer in answers:
        if not answer.question.part:
            yield [answer]
    parts = [answer for answer in answers if answer.question.part]
    if not parts:
        return
    wanted = {question.control for question in compiled.questions if question.part}
    covered = [answer for answer in parts if answer.covers and answer.counts]
    if compiled.complete_parts and {answer.question.control for answer in covered} == wanted:
        yield covered
    else:
        for answer in parts:
            answer.overlaps, answer.covers = answer.covers or answer.overlaps, False
            yield [answer]


def _answer(
    clause: Clause, question: Question, provision: Provision, rules: Set[str], fired: Fired
) -> _Answer:
    same_condition = question.same_condition in rules
    reasons = strict = _check_reasons(clause, question, provision.claims, rules)
    if provision.verified is not None:
        verified = fired.get(provision.verified_id, NOTHING)
        strict = _check_reasons(clause, question, provision.verified, verified)
    return _Answer(
        question=question,
        provision=provision,
        covers=question.covers in rules,
        overlaps=question.overlaps in rules,
        counts=question.reviewed and question.counts in rules,
        full=question.full in rules,
        binding=question.binding in rules,
        stronger=question.stronger in rules,
        at_least_should=question.at_least_should in rules,
        same_condition=same_condition,
        reasons=reasons,
        strict_reasons=strict,
        rules=rules,
    )


def _check_reasons(
    clause: Clause, question: Question, claims: Mapping[str, Value], rules: Set[str]
) -> list[Reason]:
    found = []
    for check in question.checks:
        key = check.dimension.key
        value = claims.get(key)
        code, kind, words = _judge(check, value, rules)
        if code and (check.enforced or kind != "shortfall"):
            foreign = value.words if value else "not stated"
            found.append(Reason(code, kind, key, words or check.value.words, foreign, clause.id))
    return found


def _judge(check: Check, value: Value | None, rules: Set[str]) -> tuple[str, ReasonKind, str]:
    """Return the reason code, its kind, and the baseline's side in words where only part is missing."""
    dimension = check.dimension
    stated = check.stated in rules
    if check.items or check.value.items is not None:
        return _judge_set(check, rules, stated)
    if check.ok in rules:
        return (
            (dimension.stricter_reason, "surplus", "")
            if check.stricter and check.stricter in rules
            else ("", "surplus", "")
        )
    if check.other and check.other in rules:
        return "not_comparable", "shortfall", ""
    if not stated:
        return dimension.not_stated_reason, "shortfall", ""
    if check.value.other or (value is not None and check.value.anchor not in ("", value.anchor)):
        return "not_comparable", "shortfall", ""
    return dimension.looser_reason, "shortfall", ""


def _judge_set(check: Check, rules: Set[str], stated: bool) -> tuple[str, ReasonKind, str]:
    dimension = check.dimension
    missing = [item for item, rule in check.items if rule not in rules]
    if not missing:
        return (dimension.stricter_reason, "surplus", "") if check.stricter in rules else ("", "surplus", "")
    if not stated:
        return dimension.not_stated_reason, "shortfall", ""
    if dimension.named_standard and len(missing) == len(check.items):
        return "not_comparable", "shortfall", ""
    return (
        dimension.looser_reason,
        "shortfall",
        "missing: " + ", ".join(item.replace("_", " ") for item in missing),
    )


def _result(
    clause: Clause, path: str, group: Sequence[_Answer], table: Table, matcher: Matcher
) -> PathResult:
    outcome = _decide(group, table, matcher, strict=False)
    unverified = any(answer.provision.basis == "unverified" for answer in group)
    loose = any(answer.reasons != answer.strict_reasons for answer in group)
    strict = "absent" if unverified else _decide(group, table, matcher, strict=True) if loose else outcome
    told = [reason for answer in group for reason in _reasons(clause, answer, outcome)]
    reasons = tuple(told if len(group) == 1 else dict.fromkeys(told))
    weighty = sum([reason.kind != "surplus" for reason in reasons])
    return PathResult(
        path=path,
        outcome=outcome,
        strict=strict,
        reasons=reasons,
        answered=tuple([(answer.question, answer.provision, answer.rules) for answer in group]),
        operators=frozenset.intersection(*[answer.provision.operators for answer in group]),
        operators_unverified=frozenset.intersection(
            *[answer.provision.operators_unverified for answer in group]
        ),
        order=(OUTCOME_RANK[outcome], weighty, natural(path), group[0].question.control),
    )


def _decide(group: Sequence[_Answer], table: Table, matcher: Matcher, *, strict: bool) -> str:
    kinds = {
        reason.kind for answer in group for reason in (answer.strict_reasons if strict else answer.reasons)
    }
    told = group[0].flags if len(group) == 1 else tuple(map(all, zip(*[a.flags for a in group], strict=True)))
    counts, full, covers, same_condition, binding, at_least_should, stronger = told
    deeming = [answer.provision.deeming for answer in group if answer.provision.deeming]
    vector = (
        counts,
        full,
        bool(deeming),
        bool(deeming) and deeming[0].regime_read,
        covers,
        not covers and any(answer.overlaps or answer.covers for answer in group),
        "shortfall" not in kinds,
        same_condition,
        binding,
        at_least_should,
        stronger or "surplus" in kinds,
    )
    # True and 1 are one key; the engine is asked in numbers.
    found = table.memo.get(vector) or table.decide_one(tuple(map(int, vector)), matcher)
    return found["outcome"]


def _reasons(clause: Clause, answer: _Answer, outcome: str) -> list[Reason]:
    if outcome == "pending":
        return [Reason(_pending_code(answer), obligation=clause.id)]
    if not answer.full:
        return [Reason("text_too_thin", obligation=clause.id)]
    provision, found = answer.provision, []
    if provision.deeming is not None:
        code = "holders_only" if provision.deeming.regime_read else "accepted_regime_not_read"
        holder = f"{provision.deeming.holder}: {provision.deeming.regime}"
        found.append(Reason(code, obligation=clause.id, foreign=holder))
    if not answer.covers:
        found.append(Reason(_overlap_code(answer.question, provision), obligation=clause.id))
    found += _strength_reasons(clause, answer, outcome)
    if not answer.same_condition:
        asked = "always" if clause.condition == NO_CONDITION else clause.condition
        sides = ("condition", asked, provision.condition, clause.id)
        found.append(Reason("only_under_condition", "shortfall", *sides))
    found += answer.reasons
    return found


def _pending_code(answer: _Answer) -> str:
    if answer.counts:
        return "relation_undetermined"
    provision = answer.provision
    return "baseline_map_not_reviewed" if provision.counts else f"map_{provision.map.status}"


def _strength_reasons(clause: Clause, answer: _Answer, outcome: str) -> list[Reason]:
    provision, found = answer.provision, []
    if not answer.binding or (answer.stronger and outcome == "met_plus"):
        kind: ReasonKind = "surplus" if answer.binding else "shortfall"
        code = "stronger_strength" if answer.binding else "weaker_strength"
        sides = ("strength", strength_word(clause.strength), strength_word(provision.strength), clause.id)
        found.append(Reason(code, kind, *sides))
    if provision.non_binding:
        standing = provision.non_binding
        found.append(Reason("non_binding_instrument", "reservation", obligation=clause.id, foreign=standing))
    return found


def _overlap_code(question: Question, provision: Provision) -> str:
    target = Relationship.SUPERSET if question.part else question.map.relationship
    possible = compose(provision.relationship, inverse(target))
    return "narrower_scope" if possible == {Relationship.SUBSET} else "overlapping_scope"


@lru_cache(maxsize=16384)
def natural(text: str) -> tuple[object, ...]:
    """Return a sort key in which 9.8 comes before 9.10."""
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", text) if part
    )
