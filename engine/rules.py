"""What a rule and a fact look like, and the checks that each must pass by itself.

A rule is a name and tests that must all hold on one fact:

    {"name": "6.2.a:binding", "all": [["control", "==", "seal.affix"], ["strength", ">=", 3]]}

The operators are `==`, `!=`, `<=`, `>=`, `<`, `>` (the last four for numbers), `in` (a list of literals)
and `ex` (the fact has the property). A test on a property that the fact lacks never holds. Joins and
absence cannot be written: the engine answers them wrongly. `pri` orders firing inside the engine and does
not change what fires. A fact is an id, whole numbers and short strings:

    {"id": "p17", "control": "seal.affix", "strength": 3}

This module runs in a bare child process: it imports nothing but the standard library, and of that
only what is loaded at start-up anyway.
"""

from __future__ import annotations

from collections.abc import Mapping

Rule = Mapping[str, object]
Fact = Mapping[str, str | int]
# After checking, one test is (property, operator, literal), (property, "in", literals) or (property, "ex").
Test = tuple[object, ...]
CheckedRule = tuple[str, tuple[Test, ...], int]  # name, tests, priority

OPERATORS = ("==", "!=", "<=", ">=", "<", ">", "in", "ex")
RESERVED = frozenset({"id", "sid"})

# Limits of durable_rules 2.0.28, read in its source and measured.
MAX_PRIORITY = 65535
MAX_PROPERTIES = 252  # of a fact; from 253 the engine drops the rest of the batch
MAX_TESTS = 252  # of a rule: as many as a fact has properties
MAX_TEXT = 200  # characters in a string
MAX_NUMBER = 2**53  # the largest whole number that every JSON reader keeps exact


class RuleError(ValueError):
    """A rule or a set of rules that the engine cannot run safely; the text says which and why."""


class FactError(ValueError):
    """A fact that the engine cannot read, or that the rules would silently misread."""


def read_rule(rule: Rule, position: int) -> CheckedRule:
    """Return `rule`, the one at `position` from 0, checked; raises RuleError."""
    name = rule.get("name")
    if not isinstance(name, str) or not name or len(name) > MAX_TEXT:
        raise RuleError(f"Rule {position + 1} needs a name of 1 to {MAX_TEXT} characters, not {name!r}.")
    unknown = sorted(set(rule) - {"name", "all", "pri"})
    if unknown:
        raise RuleError(f'Rule "{name}" has unknown keys {unknown}; a rule has name, all and pri.')
    tests = rule.get("all")
    if not isinstance(tests, list | tuple) or not 0 < len(tests) <= MAX_TESTS:
        raise RuleError(f'Rule "{name}" needs 1 to {MAX_TESTS} tests under "all".')
    priority = rule.get("pri", 0)
    if type(priority) is not int or not 0 <= priority <= MAX_PRIORITY:
        raise RuleError(f'Rule "{name}": pri must be a whole number from 0 to {MAX_PRIORITY}.')
    return name, tuple(dict.fromkeys(_read_test(name, test) for test in tests)), priority


def _read_test(rule: str, test: object) -> Test:
    if not isinstance(test, list | tuple) or not 2 <= len(test) <= 3:
        raise RuleError(f'Rule "{rule}": {test!r} is not a test like ["strength", ">=", 3].')
    name, operator = test[0], test[1]
    if not isinstance(name, str) or not name or name in RESERVED:
        raise RuleError(f'Rule "{rule}": {name!r} cannot be tested; id and sid are the engine\'s own.')
    if operator not in OPERATORS or (len(test) == 2) != (operator == "ex"):
        raise RuleError(f'Rule "{rule}": {test!r} needs an operator of {", ".join(OPERATORS)}.')
    if operator == "ex":
        return (name, operator)
    if operator == "in":
        return _read_set(rule, name, test[2])
    literal = _literal(rule, name, test[2])
    if operator not in ("==", "!=") and isinstance(literal, str):
        raise RuleError(f'Rule "{rule}": {name} {operator} compares whole numbers, not {literal!r}.')
    return (name, operator, literal)


def _read_set(rule: str, name: str, listed: object) -> Test:
    if not isinstance(listed, list | tuple) or not listed:
        raise RuleError(f'Rule "{rule}": {name} in needs a list of literals, not {listed!r}.')
    literals = [_literal(rule, name, literal) for literal in listed]
    if len({type(literal) for literal in literals}) > 1 or len(set(literals)) != len(literals):
        raise RuleError(f'Rule "{rule}": {name} in {literals!r} mixes kinds or names one twice.')
    if len(literals) == 1:
        return (name, "==", literals[0])
    return (name, "in", tuple(sorted(literals)))


def _literal(rule: str, name: str, literal: object) -> str | int:
    if isinstance(literal, str) and len(literal) <= MAX_TEXT:
        return str.__str__(literal)
    if isinstance(literal, int) and not isinstance(literal, bool) and abs(literal) <= MAX_NUMBER:
        return int(literal)
    raise RuleError(
        f'Rule "{rule}": {name} is compared with {literal!r}; '
        f"a literal is a whole number or a string of up to {MAX_TEXT} characters."
    )


def literals_of(test: Test) -> tuple[object, ...]:
    """Return what a checked test compares with."""
    if test[1] == "ex":
        return ()
    return test[2] if isinstance(test[2], tuple) else (test[2],)


def check_identity(fact: Fact) -> None:
    """Refuse, with FactError, a fact without an id of its own, or with more than the engine reads."""
    identity = fact.get("id")
    if not isinstance(identity, str) or not 0 < len(identity) <= MAX_TEXT:
        raise FactError(f"A fact needs an id of 1 to {MAX_TEXT} characters, not {identity!r}.")
    if "sid" in fact:
        raise FactError(f'Fact "{identity}": sid is reserved; the session sets it.')
    if len(fact) > MAX_PROPERTIES:
        raise FactError(f'Fact "{identity}" has {len(fact)} properties; at most {MAX_PROPERTIES} are read.')


def mismatch(fact: Fact, name: str, holds: str, compared: str) -> str:
    """Return the text for a property that `holds` another kind than the rules compare it with."""
    return (
        f'Fact "{fact["id"]}": {name} is {holds} ({fact[name]!r}), but the rules compare it with {compared}.'
    )


def exact(fact: Fact) -> Fact:
    """Return `fact` with subclasses of str and int (enums) as plain values; raises FactError for others."""
    plain: dict[str, str | int] = {}
    for name, value in fact.items():
        if isinstance(value, str) and len(value) <= MAX_TEXT:
            plain[name] = str.__str__(value)
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER:
            plain[name] = int(value)
        else:
            raise FactError(
                f'Fact "{fact["id"]}": {name} is {repr(value)[:60]}; a fact holds whole numbers and strings '
                f"of up to {MAX_TEXT} characters only."
            )
    return plain
