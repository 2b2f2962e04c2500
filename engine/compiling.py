"""A baseline edition as rules: literal tests on one provision fact.

For each obligation and control the rules ask whether a provision addresses the control, covers or
overlaps the obligation, is as binding, and meets each parameter. Equal tests are one rule, however
many obligations use it, which keeps far below the engine's limits; each obligation remembers which
rules answer its questions.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from criteria.dimensions import Value
from criteria.vocabulary import Dimension, vocabulary
from engine.clauses import NO_CONDITION, Clause
from engine.facts import DIRECT, OTHER_STANDARD, REL, STATED
from mappings.model import COUNTING, Control, Map
from mappings.relationships import Reach, Relationship, reach_through_hub

Test = tuple[Any, ...]
MAX_RULES_PER_CONTROL = 50  # the engine fails at about 64 branches on one literal


@dataclass(frozen=True, slots=True)
class Check:
    """The questions asked of a provision on one parameter, each the name of a rule.

    `stated`: the figure, rank or list is given; `comparable`: on the same scale and anchor; `ok`: as
    strict; `stricter`. For a set, `items` are the rules of the single required items.
    """

    dimension: Dimension
    value: Value
    stated: str
    ok: str
    stricter: str
    other: str = ""
    items: tuple[tuple[str, str], ...] = ()
    enforced: bool = True


@dataclass(frozen=True)
class Question:
    """What is asked of the provisions on one control, for one baseline obligation and map."""

    clause: str
    control: str
    map: Map
    part: bool
    addressed: str
    covers: str
    overlaps: str
    counts: str
    full: str
    binding: str
    stronger: str
    at_least_should: str
    same_condition: str
    checks: tuple[Check, ...]

    @cached_property
    def reviewed(self) -> bool:
        """Whether the baseline's own map counts; otherwise what rests on it is pending."""
        return self.map.status in COUNTING

    def fired(self, rules: Set[str]) -> tuple[str, ...]:
        """Return what these rules answer with yes, as `6.2.a:covers`, `6.2.a:interval`."""
        return tuple([label for rule, label in self._labels if rule in rules])

    @cached_property
    def _labels(self) -> tuple[tuple[str, str], ...]:
        """Each rule with its name for people."""
        named = {
            self.addressed: "addressed", self.covers: "covers", self.overlaps: "overlaps",
            self.binding: "binding", self.stronger: "stronger", self.same_condition: "same_condition",
        }  # fmt: skip
        for check in self.checks:
            key = check.dimension.key
            named |= {check.ok: key, check.stricter: f"{key}_stricter"}
            named |= {rule: f"{key}.{item}" for item, rule in check.items}
        named.pop("", None)
        return tuple((rule, f"{self.clause}:{label}") for rule, label in named.items())


@dataclass(frozen=True, slots=True)
class CompiledClause:
    """A baseline clause with the questions that decide it."""

    clause: Clause
    questions: tuple[Question, ...]
    complete_parts: bool


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules matched in one session: those of one category (or a further part of it)."""

    category: str
    rules: tuple[dict[str, Any], ...]
    key: str
    controls: frozenset[str]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A baseline edition, ready to be matched."""

    clauses: tuple[CompiledClause, ...]
    rulesets: tuple[RuleSet, ...]
    digest: str


class _Rules:
    """Collects distinct rules by control."""

    def __init__(self) -> None:
        self.by_control: dict[str, dict[str, list[Test]]] = {}

    def add(self, control: str, *tests: Test) -> str:
        """Return the name of the rule that tests a control and these literals."""
        words = ", ".join(_words(test) for test in tests)
        # Interned, because what fired is looked up by name thousands of times.
        name = sys.intern(f"{control}: {words}" if words else control)
        self.by_control.setdefault(control, {})[name] = [("control", "==", control), *tests]
        return name


def _words(test: Test) -> str:
    literal = test[2] if len(test) == 3 else ""
    return f"{test[0]} {test[1]} {'/'.join(literal) if isinstance(literal, tuple) else literal}".rstrip()


def compile_baseline(
    clauses: Sequence[Clause],
    maps: Mapping[str, Any],
    controls: Mapping[str, Control],
    direct: Mapping[str, Sequence[Map]],
) -> Compiled:
    """Return a baseline's clauses as rules.

    `maps` gives each clause's maps (or no-control reason) by id; `direct` the direct maps to the
    foreign edition, by baseline clause: a clause that has some gets its own pseudo control as well.
    """
    rules = _Rules()
    compiled = tuple(
        _compile_clause(rules, clause, maps.get(clause.id, ()), direct.get(clause.id, ()))
        for clause in clauses
    )
    rulesets = tuple(_rulesets(rules, controls))
    digest = hashlib.sha256("".join(ruleset.key for ruleset in rulesets).encode()).hexdigest()
    return Compiled(compiled, rulesets, digest)


def _compile_clause(rules: _Rules, clause: Clause, entry: Any, direct: Sequence[Map]) -> CompiledClause:
    counted = (
        [one for one in entry if one.status != "rejected" and one.relationship is not Relationship.NONE]
        if isinstance(entry, tuple)
        else []
    )
    questions = [_question(rules, clause, one.control, one) for one in counted]
    if direct:
        own = direct[0].model_copy(update={"control": DIRECT + clause.id, "relationship": Relationship.EQUAL})
        questions.append(_question(rules, clause, DIRECT + clause.id, own))
    parts = [one for one in counted if one.relationship is Relationship.SUPERSET]
    return CompiledClause(clause, tuple(questions), bool(parts) and all(one.complete for one in parts))


def _question(rules: _Rules, clause: Clause, control: str, one: Map) -> Question:
    part = one.relationship is Relationship.SUPERSET
    reached: dict[Reach, list[str]] = {reach: [] for reach in Reach}
    for relationship, word in REL.items():
        # A part is covered when the provision covers the control itself; all parts are asked for later.
        target = Relationship.EQUAL if part else one.relationship
        reach = reach_through_hub(relationship, target)
        if word not in reached[reach]:
            reached[reach].append(word)
    if part:
        reached[Reach.OVERLAPS] = [w for w in _overlapping_words(one) if w not in reached[Reach.COVERS]]
    return Question(
        clause=clause.id,
        control=control,
        map=one,
        part=part,
        addressed=rules.add(control),
        covers=_relation_rule(rules, control, reached[Reach.COVERS]),
        overlaps=_relation_rule(rules, control, reached[Reach.OVERLAPS]),
        counts=rules.add(control, ("state", "==", "counts")),
        full=rules.add(control, ("text", "==", "full")),
        binding=rules.add(control, ("strength", ">=", clause.strength)),
        stronger=rules.add(control, ("strength", ">", clause.strength)),
        at_least_should=rules.add(control, ("strength", ">=", 2)),
        same_condition=_condition_rule(rules, control, clause.condition),
        checks=tuple(_checks(rules, clause, control)),
    )


def _overlapping_words(one: Map) -> list[str]:
    reaches = {word: reach_through_hub(relationship, one.relationship) for relationship, word in REL.items()}
    return [word for word, reach in reaches.items() if reach in (Reach.COVERS, Reach.OVERLAPS)]


def _relation_rule(rules: _Rules, control: str, words: Sequence[str]) -> str:
    return rules.add(control, ("rel", "in", tuple(sorted(words)))) if words else ""


def _condition_rule(rules: _Rules, control: str, condition: str) -> str:
    wanted = tuple(sorted({NO_CONDITION, condition}))
    return rules.add(control, ("cond", "in", wanted) if len(wanted) > 1 else ("cond", "==", NO_CONDITION))


def _checks(rules: _Rules, clause: Clause, control: str) -> Iterator[Check]:
    free = {*clause.obligation.unverified, *clause.obligation.illustrative}
    for key, value in clause.values.items():
        dimension = vocabulary().dimensions[key]
        if dimension.kind == "flag" and not value.figure:
            continue
        yield _check(
            rules,
            control,
            dimension,
            value,
            key not in free,
            {n.split(".", 1)[1] for n in free if n.startswith(f"{key}.")},
        )


def _check(
    rules: _Rules, control: str, dimension: Dimension, value: Value, enforced: bool, free_items: set[str]
) -> Check:
    key = dimension.key
    stated = rules.add(control, (f"{key}_s", "==", STATED))
    other = rules.add(control, (f"{key}_s", "==", OTHER_STANDARD)) if dimension.kind == "rank" else ""
    if value.items is not None:
        required = sorted(value.items - free_items)
        items = tuple((item, rules.add(control, (f"{key}__{item}", "ex"))) for item in required)
        stricter = rules.add(control, (f"{key}_n", ">", len(value.items)))
        return Check(dimension, value, stated, "", stricter, other, items, enforced)
    if value.other:
        # Only the same words for it ("a seal that customs approves") are as good; a rank cannot be compared.
        return Check(dimension, value, stated, other, "", "", (), enforced)
    if value.figure is None:
        return Check(
            dimension, value, stated, rules.add(control, (f"{key}_s", "ex")), "", other, (), enforced
        )
    anchored: list[Test] = [(f"{key}_a", "==", value.anchor)] if value.anchor else []
    lower = dimension.stricter == "lower"
    ok = rules.add(control, (key, "<=" if lower else ">=", value.figure), *anchored)
    stricter = rules.add(control, (key, "<" if lower else ">", value.figure), *anchored)
    return Check(dimension, value, stated, ok, stricter, other, (), enforced)


def _rulesets(rules: _Rules, controls: Mapping[str, Control]) -> Iterator[RuleSet]:
    """Yield the rules by category; a control with very many rules spills into further sets."""
    grouped: dict[tuple[str, int], dict[str, dict[str, list[Test]]]] = {}
    for control, named in sorted(rules.by_control.items()):
        category = "direct" if control.startswith(DIRECT) else controls[control].category
        names = sorted(named)
        for start in range(0, len(names), MAX_RULES_PER_CONTROL):
            chunk = {name: named[name] for name in names[start : start + MAX_RULES_PER_CONTROL]}
            grouped.setdefault((category, start // MAX_RULES_PER_CONTROL), {})[control] = chunk
    for (category, _), by_control in sorted(grouped.items()):
        listed = tuple(
            {"name": name, "all": tests} for named in by_control.values() for name, tests in named.items()
        )
        key = hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()
        yield RuleSet(category, listed, key, frozenset(by_control))
