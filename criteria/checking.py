"""Whether the names that criteria use exist: categories, roles, conditions, dimensions, sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from criteria.dimensions import parameter_problems
from criteria.model import Criterion, Edition, Obligation, Program
from criteria.problems import Problem, nearest_hint
from criteria.vocabulary import vocabulary

ALL = "all"
COMPLETENESS = ("full", "partial", "none")


def unknown(what: str, value: str, known: Collection[str], key: str) -> Problem:
    """Return the problem of a name that does not exist, with the nearest names that do."""
    code = f"unknown-{what.replace(' ', '-')}"
    return Problem(
        code, f'"{value}" is not a known {what}.', nearest_hint(value, known), key=key, value=value
    )


def program_problems(program: Program) -> Iterator[Problem]:
    """Yield the faults of a program file: unknown operator types and sources, roles given twice."""
    operators = vocabulary().operators
    for index, role in enumerate(program.roles):
        for name in role.operator_types:
            if name not in operators:
                yield unknown("operator type", name, operators, f"roles[{index}].operator_types")
    yield from _twice("role", [role.key for role in program.roles], "roles")
    yield from _twice("tier", [tier.key for tier in program.tiers], "tiers")


def edition_problems(edition: Edition, program: Program) -> Iterator[Problem]:
    """Yield the faults of an edition's head and of all its criteria."""
    yield from _head_problems(edition)
    refs = {criterion.ref for criterion in edition.criteria}
    for problem in _twice("reference", [criterion.ref for criterion in edition.criteria], "ref"):
        yield problem.at(key=f"{problem.value}: ref")
    for criterion in edition.criteria:
        for problem in criterion_problems(criterion, program, refs):
            yield problem.at(key=f"{criterion.ref}: {problem.key}")


def _head_problems(edition: Edition) -> Iterator[Problem]:
    categories, conditions, operators = (
        vocabulary().categories,
        vocabulary().conditions,
        vocabulary().operators,
    )
    for name, level in edition.completeness.items():
        key = f"completeness.{name}"
        if name != "default" and name not in categories:
            yield unknown("category", name, categories, key)
        levels = level.items() if isinstance(level, dict) else [("default", level)]
        for operator, value in levels:
            if operator != "default" and operator not in operators:
                yield unknown("operator type", operator, operators, key)
            if value not in COMPLETENESS:
                yield unknown("completeness", str(value), COMPLETENESS, key)
    for n, absent in enumerate(edition.conditions_absent):
        if absent.condition not in conditions:
            yield unknown("condition", absent.condition, conditions, f"conditions_absent[{n}].condition")


def criterion_problems(criterion: Criterion, program: Program, refs: Collection[str]) -> Iterator[Problem]:
    """Yield the faults of one criterion; keys are relative to it."""
    words = vocabulary()
    roles = {role.key for role in program.roles} | {ALL}
    if criterion.category not in words.categories:
        yield unknown("category", criterion.category, words.categories, "category")
    yield from _unknown_each("condition", [criterion.applies_if], words.conditions, "applies_if")
    yield from _unknown_each("operator role", criterion.operators, roles, "operators")
    yield from _unknown_each("operator role", criterion.operators_unverified, roles, "operators_unverified")
    yield from _unknown_each("tier", criterion.tier, {tier.key for tier in program.tiers}, "tier")
    yield from _unknown_each("source", [criterion.source.id], program.sources, "source.id")
    yield from _unknown_each("reference", [criterion.under], refs, "under")
    yield from _unknown_each("reference", criterion.conflicts_with, refs, "conflicts_with")
    yield from _twice("obligation", [obligation.id for obligation in criterion.obligations], "obligations")
    if criterion.under == criterion.ref:
        yield Problem(
            "under-itself",
            "a criterion cannot stand under itself.",
            "Name the binding provision.",
            key="under",
        )
    for obligation in criterion.obligations:
        for problem in _obligation_problems(obligation, roles):
            yield problem.at(key=f"obligations.{obligation.id}.{problem.key}")


def _obligation_problems(obligation: Obligation, roles: Collection[str]) -> Iterator[Problem]:
    words = vocabulary()
    yield from _unknown_each("condition", [obligation.applies_if], words.conditions, "applies_if")
    yield from _unknown_each("operator role", obligation.operators, roles, "operators")
    for problem in parameter_problems(obligation.parameters):
        yield problem.at(key=f"parameters.{problem.key}")
    for field in ("illustrative", "unverified"):
        for name in getattr(obligation, field):
            if name.split(".")[0] not in obligation.parameters:
                yield unknown("parameter", name, obligation.parameters, field)


def _unknown_each(
    what: str, values: Iterable[str | None], known: Collection[str], key: str
) -> Iterator[Problem]:
    for value in values:
        if value is not None and value not in known:
            yield unknown(what, value, known, key)


def _twice(what: str, values: Iterable[str], key: str) -> Iterator[Problem]:
    for value, count in Counter(values).items():
        if count > 1:
            yield Problem(
                f"duplicate-{what}",
                f'the {what} "{value}" is given {count} times.',
                "Keep one.",
                key=key,
                value=value,
            )
