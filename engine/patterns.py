"""Checks rules and facts, and puts both into the few forms that the rule engine handles safely.

durable_rules hangs, crashes or answers wrongly outside its limits (docs/decisions, and the tests of
this package, name each one), so everything it is given is checked here and rewritten:

- property names become one or two letters and strings become whole numbers, so that the engine
  compares numbers only: no 32-bit hash of a string, no quoting, no mixing of 365 and "365";
- properties that no rule tests are checked and left out;
- rules with the same tests share one engine rule, and tests are put in one order, so that rules
  share the engine's nodes.

This module runs in a bare child process: it imports nothing but the standard library, and of that
only what is loaded at start-up anyway.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

# A rule:  {"name": "6.2.a:binding", "all": [["control", "==", "seal.affix"], ["strength", ">=", 3]]}
# A fact:  {"id": "p17", "control": "seal.affix", "strength": 3}
Rule = Mapping[str, object]
Fact = Mapping[str, str | int]
# After checking, one test is (property, operator, literal), (property, "in", literals) or (property, "ex").
Test = tuple[object, ...]

COMPARISONS = {"!=": "$neq", "<=": "$lte", ">=": "$gte", "<": "$lt", ">": "$gt"}
OPERATORS = ("==", *COMPARISONS, "ex", "in")
RESERVED = frozenset({"id", "sid"})

# Limits of durable_rules 2.0.28, read in its source and measured; one rule and its test are kept for `_init`.
MAX_PATTERNS = 4095  # engine rules in a ruleset
MAX_BRANCHES = 510  # tests that follow one test; at 512 the engine searches a full table for ever
MAX_SETS = 127  # `in` tests that contain one literal after the same tests
MAX_SHARED = 255  # engine rules that end on the same test; at 256 the engine crashes
MAX_OPEN = 60  # tests one fact can satisfy and leave waiting at once; the engine's stack holds 64
MAX_PRIORITY = 65535
MAX_PROPERTIES = 252  # of a fact; from 253 the engine drops the rest of the batch
MAX_TEXT = 200  # characters in a string
MAX_NUMBER = 2**53  # the largest whole number that every JSON reader keeps exact


class RuleError(ValueError):
    """A rule or a set of rules that the engine cannot run safely; the text says which and why."""


class FactError(ValueError):
    """A fact that the engine cannot read, or that the rules would silently misread."""


class Pattern:
    """One conjunction of tests for the engine, and the positions of the rules that it stands for."""

    __slots__ = ("priority", "rules", "tests")

    def __init__(self, tests: tuple[Test, ...], priority: int) -> None:
        self.tests = tests
        self.priority = priority
        self.rules: list[int] = []


class Translation:
    """A checked set of rules in the engine's terms.

    `names` are the rules' names in the given order, `patterns` the engine's rules, `text` the ruleset
    as the engine reads it; `encode` gives a fact in the same terms.
    """

    __slots__ = ("_numbers", "_texts", "names", "patterns", "text")

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Check and translate `rules`; raises RuleError."""
        read = [_read_rule(rule, position) for position, rule in enumerate(rules)]
        self.names = tuple(name for name, _, _ in read)
        _check_names(self.names)
        kinds = _kinds(read)
        uses = Counter(str(test[0]) for _, tests, _ in read for test in tests)
        self.patterns = _patterns(read, uses)
        _check_tree(self.patterns)
        letters = dict(zip(sorted(kinds, key=lambda name: (-uses[name], name)), _letters(), strict=False))
        codes = _codes(read, kinds)
        heads = {name: f',"{letter}":' for name, letter in letters.items()}
        self._numbers = {name: heads[name] for name, kind in kinds.items() if kind is not str}
        self._texts = {
            name: ({text: f"{heads[name]}{code}" for text, code in codes[name].items()}, f"{heads[name]}0")
            for name, kind in kinds.items()
            if kind is not int
        }
        self.text = _ruleset_text(self.patterns, letters, codes)

    def encode(self, fact: Fact) -> str:
        """Return the tested properties of `fact` as the engine reads them; raises FactError.

        A string that no rule names becomes 0, which equals no literal and is still present.
        """
        _check_identity(fact)
        texts, numbers = self._texts, self._numbers
        parts = []
        for name, value in fact.items():
            if type(value) is str and len(value) <= MAX_TEXT:
                if name in texts:
                    known, other = texts[name]
                    parts.append(known.get(value, other))
                elif name in numbers:
                    raise FactError(_mismatch(fact, name, "text", "a number"))
            elif type(value) is int and -MAX_NUMBER <= value <= MAX_NUMBER:
                if name in numbers:
                    parts.append(f"{numbers[name]}{value}")
                elif name in texts:
                    raise FactError(_mismatch(fact, name, "a number", "text"))
            else:
                return self.encode(_exact(fact))
        return "".join(parts)


def _read_rule(rule: Rule, position: int) -> tuple[str, tuple[Test, ...], int]:
    name = rule.get("name")
    if not isinstance(name, str) or not name or len(name) > MAX_TEXT:
        raise RuleError(f"Rule {position + 1} needs a name of 1 to {MAX_TEXT} characters, not {name!r}.")
    unknown = sorted(set(rule) - {"name", "all", "pri"})
    if unknown:
        raise RuleError(f'Rule "{name}" has unknown keys {unknown}; a rule has name, all and pri.')
    tests = rule.get("all")
    if not isinstance(tests, list | tuple) or not tests:
        raise RuleError(f'Rule "{name}" needs at least one test under "all".')
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


def _literals(test: Test) -> tuple[object, ...]:
    if test[1] == "ex":
        return ()
    return test[2] if isinstance(test[2], tuple) else (test[2],)


def _check_names(names: Sequence[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise RuleError(f"Rule names must differ; used more than once: {', '.join(twice[:5])}.")


def _kinds(read: Sequence[tuple[str, tuple[Test, ...], int]]) -> dict[str, type | None]:
    """Return str or int for each tested property, None where no rule compares it."""
    kinds: dict[str, type | None] = {}
    for rule, tests, _ in read:
        for test in tests:
            name = str(test[0])
            known = kinds.setdefault(name, None)
            for literal in _literals(test):
                if known is not None and known is not type(literal):
                    raise RuleError(
                        f'Rule "{rule}": {name} is compared with {literal!r}, elsewhere with '
                        f"{'text' if known is str else 'numbers'}; a property holds one kind only."
                    )
                kinds[name] = known = type(literal)
    return kinds


def _codes(
    read: Sequence[tuple[str, tuple[Test, ...], int]], kinds: Mapping[str, type | None]
) -> dict[str, dict[str, int]]:
    """Return a number from 1 on for each literal of each property that holds text."""
    texts: dict[str, set[str]] = {name: set() for name in kinds}
    for _, tests, _ in read:
        for test in tests:
            texts[str(test[0])].update(literal for literal in _literals(test) if isinstance(literal, str))
    return {name: {text: n for n, text in enumerate(sorted(found), 1)} for name, found in texts.items()}


def _patterns(
    read: Sequence[tuple[str, tuple[Test, ...], int]], uses: Mapping[str, int]
) -> tuple[Pattern, ...]:
    """Return the distinct conjunctions, each with its tests in the shared order.

    Equalities come first, those on the most used property before others: a fact then leaves the
    engine's tree at its first node for all controls but its own. `in` comes last (no sharing below it).
    """

    def order(test: Test) -> tuple[int, int, str, str, str]:
        rank = {"==": 0, "in": 2}.get(str(test[1]), 1)
        return rank, -uses[str(test[0])], str(test[0]), str(test[1]), str(test[2:])

    found: dict[tuple[int, tuple[Test, ...]], Pattern] = {}
    for position, (_, tests, priority) in enumerate(read):
        key = (priority, tuple(sorted(tests, key=order)))
        pattern = found.setdefault(key, Pattern(key[1], priority))
        pattern.rules.append(position)
    return tuple(found[key] for key in sorted(found, key=lambda key: (key[0], str(key[1]))))


class _Node:
    """One node of the engine's tree: the tests that follow it, its `in` joins and the rules it ends."""

    __slots__ = ("ends", "joins", "next", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.next: dict[Test, _Node] = {}
        self.joins: list[_Node] = []
        self.ends = 0


def _check_tree(patterns: Sequence[Pattern]) -> None:
    """Build the tree that the engine will build, and refuse one that it cannot walk."""
    if len(patterns) > MAX_PATTERNS:
        raise RuleError(f"{len(patterns)} different rules; a ruleset holds at most {MAX_PATTERNS}.")
    root = _Node("")
    for pattern in patterns:
        node = root
        for test in pattern.tests:
            node = _grow(node, test)
        node.ends += 1
    _open_tests(root)


def _grow(node: _Node, test: Test) -> _Node:
    path = f"{node.path} and {_describe(test)}" if node.path else _describe(test)
    if test[1] != "in":
        return node.next.setdefault(test, _Node(path))
    join = _Node(path)
    for literal in _literals(test):
        equal: Test = (test[0], "==", literal)
        node.next.setdefault(equal, _Node(path)).joins.append(join)
    return join


def _describe(test: Test) -> str:
    return " ".join(str(part) for part in test)


def _open_tests(node: _Node) -> int:
    """Return how many tests one fact can leave waiting below `node` at worst; raises RuleError.

    A fact satisfies at most one equality per property, and any number of other tests.
    """
    where = f"after {node.path}" if node.path else "as the first test"
    if len(node.next) > MAX_BRANCHES:
        raise RuleError(
            f"{len(node.next)} different tests {where}; at most {MAX_BRANCHES} can be told apart."
        )
    if len(node.joins) > MAX_SETS:
        raise RuleError(f"{len(node.joins)} `in` tests {where} share a literal; at most {MAX_SETS} can.")
    if node.ends > MAX_SHARED:
        raise RuleError(f"{node.ends} priorities for the same tests {where}; at most {MAX_SHARED} work.")
    equalities = {test[0] for test in node.next if test[1] == "=="}
    waiting = len(node.joins) + len(equalities) + sum(test[1] != "==" for test in node.next)
    deepest = max((_open_tests(child) for child in (*node.next.values(), *node.joins)), default=0)
    needed = max(waiting, waiting - 1 + deepest)
    if needed > MAX_OPEN:
        raise RuleError(
            f"One fact can satisfy {needed} different tests {where}; the engine holds {MAX_OPEN}. "
            "Split the rules over two rulesets."
        )
    return needed


def _letters() -> Iterator[str]:
    """Yield a, b, … z, then a0, a1, …: short names for properties, none of them reserved."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    yield from alphabet
    number = 0
    while True:
        yield from (f"{letter}{number}" for letter in alphabet)
        number += 1


def _ruleset_text(
    patterns: Sequence[Pattern], letters: Mapping[str, str], codes: Mapping[str, Mapping[str, int]]
) -> str:
    """Return the engine's JSON: pattern n is rule "n", and `_init` fires on every mark."""

    def literal(name: str, value: object) -> object:
        return codes[name][value] if isinstance(value, str) else value

    def condition(test: Test) -> dict[str, object]:
        name = str(test[0])
        letter = letters[name]
        if test[1] == "ex":
            return {"$ex": {letter: 1}}
        if test[1] == "in":
            return {"$or": [{letter: literal(name, value)} for value in _literals(test)]}
        equality: dict[str, object] = {letter: literal(name, test[2])}
        return equality if test[1] == "==" else {COMPARISONS[str(test[1])]: equality}

    def engine_rule(conditions: list[dict[str, object]], priority: int) -> dict[str, object]:
        match = conditions[0] if len(conditions) == 1 else {"$and": conditions}
        # With `cap` the engine hands over all facts of a rule at once.
        settings = {"cap": MAX_PRIORITY, "pri": priority} if priority else {"cap": MAX_PRIORITY}
        return {"all": [{"m": match}], **settings}

    ruleset = {"_init": engine_rule([{"$ex": {"_": 1}}], 0)}
    for number, pattern in enumerate(patterns):
        ruleset[str(number)] = engine_rule([condition(test) for test in pattern.tests], pattern.priority)
    return json.dumps(ruleset, separators=(",", ":"))


def _check_identity(fact: Fact) -> None:
    identity = fact.get("id")
    if not isinstance(identity, str) or not 0 < len(identity) <= MAX_TEXT:
        raise FactError(f"A fact needs an id of 1 to {MAX_TEXT} characters, not {identity!r}.")
    if "sid" in fact:
        raise FactError(f'Fact "{identity}": sid is reserved; the session sets it.')
    if len(fact) > MAX_PROPERTIES:
        raise FactError(f'Fact "{identity}" has {len(fact)} properties; at most {MAX_PROPERTIES} are read.')


def _mismatch(fact: Fact, name: str, holds: str, compared: str) -> str:
    return (
        f'Fact "{fact["id"]}": {name} is {holds} ({fact[name]!r}), but the rules compare it with {compared}.'
    )


def _exact(fact: Fact) -> Fact:
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
