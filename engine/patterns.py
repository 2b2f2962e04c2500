"""Checks rules and facts, and puts both into the few forms that the rule engine handles safely.

durable_rules hangs, crashes or answers wrongly outside its limits (tests/engine/test_rete.py names each
one), so everything it is given is checked here and rewritten:

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

from engine.rules import (
    MAX_NUMBER,
    MAX_PRIORITY,
    MAX_TEXT,
    CheckedRule,
    Fact,
    FactError,
    Rule,
    RuleError,
    Test,
    check_identity,
    exact,
    literals_of,
    mismatch,
    read_rule,
)

COMPARISONS = {"!=": "$neq", "<=": "$lte", ">=": "$gte", "<": "$lt", ">": "$gt"}

# Limits of durable_rules 2.0.28, read in its source and measured; one rule and its test are kept for `_init`.
MAX_PATTERNS = 4095  # engine rules in a ruleset
MAX_BRANCHES = 510  # tests that follow one test; at 512 the engine searches a full table for ever
MAX_SETS = 127  # `in` tests that contain one literal after the same tests
MAX_SHARED = 255  # engine rules that end on the same test; at 256 the engine crashes
MAX_OPEN = 60  # tests one fact can satisfy and leave waiting at once; the engine's stack holds 64


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
        read = [read_rule(rule, position) for position, rule in enumerate(rules)]
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
        check_identity(fact)
        texts, numbers = self._texts, self._numbers
        parts = []
        for name, value in fact.items():
            if type(value) is str and len(value) <= MAX_TEXT:
                if name in texts:
                    known, other = texts[name]
                    parts.append(known.get(value, other))
                elif name in numbers:
                    raise FactError(mismatch(fact, name, "text", "a number"))
            elif type(value) is int and -MAX_NUMBER <= value <= MAX_NUMBER:
                if name in numbers:
                    parts.append(f"{numbers[name]}{value}")
                elif name in texts:
                    raise FactError(mismatch(fact, name, "a number", "text"))
            else:
                return self.encode(exact(fact))
        return "".join(parts)


def _check_names(names: Sequence[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise RuleError(f"Rule names must differ; used more than once: {', '.join(twice[:5])}.")


def _kinds(read: Sequence[CheckedRule]) -> dict[str, type | None]:
    """Return str or int for each tested property, None where no rule compares it."""
    kinds: dict[str, type | None] = {}
    for rule, tests, _ in read:
        for test in tests:
            name = str(test[0])
            known = kinds.setdefault(name, None)
            for literal in literals_of(test):
                if known is not None and known is not type(literal):
                    raise RuleError(
                        f'Rule "{rule}": {name} is compared with {literal!r}, elsewhere with '
                        f"{'text' if known is str else 'numbers'}; a property holds one kind only."
                    )
                kinds[name] = known = type(literal)
    return kinds


def _codes(read: Sequence[CheckedRule], kinds: Mapping[str, type | None]) -> dict[str, dict[str, int]]:
    """Return a number from 1 on for each literal of each property that holds text."""
    texts: dict[str, set[str]] = {name: set() for name in kinds}
    for _, tests, _ in read:
        for test in tests:
            texts[str(test[0])].update(literal for literal in literals_of(test) if isinstance(literal, str))
    return {name: {text: n for n, text in enumerate(sorted(found), 1)} for name, found in texts.items()}


def _patterns(read: Sequence[CheckedRule], uses: Mapping[str, int]) -> tuple[Pattern, ...]:
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

    __slots__ = ("above", "ends", "joins", "next", "open", "test")

    def __init__(self, test: Test = (), above: _Node | None = None) -> None:
        self.test = test
        self.above = above
        self.next: dict[Test, _Node] = {}
        self.joins: list[_Node] = []
        self.ends = 0
        self.open = -1  # what `_open_tests` found; a join is reached by several ways

    def follow(self, test: Test) -> _Node:
        """Return the node after `test`, added where the engine would add it."""
        if test[1] != "in":
            found = self.next.get(test)
            if found is None:
                found = self.next[test] = _Node(test, self)
            return found
        join = _Node(test, self)
        for literal in literals_of(test):
            self.follow((test[0], "==", literal)).joins.append(join)
        return join

    def place(self) -> str:
        """Return where in the rules this node is, in words."""
        tests = []
        node: _Node | None = self
        while node is not None and node.above is not None:
            tests.append(" ".join(str(part) for part in node.test))
            node = node.above
        return f"after {' and '.join(reversed(tests))}" if tests else "as the first test"


def _check_tree(patterns: Sequence[Pattern]) -> None:
    """Build the tree that the engine will build, and refuse one that it cannot walk."""
    if len(patterns) > MAX_PATTERNS:
        raise RuleError(f"{len(patterns)} different rules; a ruleset holds at most {MAX_PATTERNS}.")
    root = _Node()
    for pattern in patterns:
        node = root
        for test in pattern.tests:
            node = node.follow(test)
        node.ends += 1
    _open_tests(root)


def _open_tests(node: _Node) -> int:
    """Return how many tests one fact can leave waiting below `node` at worst; raises RuleError.

    A fact satisfies at most one equality per property, and any number of other tests.
    """
    if len(node.next) > MAX_BRANCHES:
        raise RuleError(
            f"{len(node.next)} different tests {node.place()}; at most {MAX_BRANCHES} can be told apart."
        )
    if len(node.joins) > MAX_SETS:
        raise RuleError(
            f"{len(node.joins)} `in` tests {node.place()} share a literal; at most {MAX_SETS} can."
        )
    if node.ends > MAX_SHARED:
        raise RuleError(
            f"{node.ends} priorities for the same tests {node.place()}; at most {MAX_SHARED} work."
        )
    if not node.next and not node.joins:
        node.open = 0
        return 0
    equalities = {test[0] for test in node.next if test[1] == "=="}
    waiting = len(node.joins) + len(equalities) + sum(test[1] != "==" for test in node.next)
    deepest = max(
        child.open if child.open >= 0 else _open_tests(child) for child in (*node.next.values(), *node.joins)
    )
    needed = node.open = max(waiting, waiting - 1 + deepest)
    if needed > MAX_OPEN:
        raise RuleError(
            f"One fact can satisfy {needed} different tests {node.place()}; the engine holds {MAX_OPEN}. "
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
            return {"$or": [{letter: literal(name, value)} for value in literals_of(test)]}
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
