"""Runs rules on facts with durable_rules: the only module that imports it.

The engine's C module is driven directly, and only in the way that was found to be safe: rules that
test literals on one fact, whole batches, every result drained, every state deleted. A `RuleSet` is
compiled once; each `Session` holds the facts of one run. Neither may be shared between threads.

This module runs in a bare child process: beside engine.rules and engine.patterns it imports only the standard
library and the C module.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import durable_rules_engine

from engine.patterns import Translation
from engine.rules import Fact, FactError, Rule, RuleError

__all__ = ["EngineError", "Fact", "FactError", "ReadFacts", "Rule", "RuleError", "RuleSet", "Session"]

ReadFacts = tuple[tuple[str, str], ...]  # of each fact its id and, in a ruleset's terms, what its rules test

# The engine keeps 1,024 states per ruleset.
MAX_SESSIONS = 1000
# The engine knows a fact by a 32-bit hash of its id. The ids given to it are the numbers from 0 on,
# and no two numbers below this have the same hash.
MAX_FACTS = 100_000
UNMATCHED = 1  # return code: a fact in the batch matched no rule

_FACT_NUMBER = re.compile(r'\{"m":\{"id":(\d+)')
_EngineFault: type[Exception] = durable_rules_engine.error


class EngineError(RuntimeError):
    """The engine did not do what its checked input allows; the result of the run is void."""


class RuleSet:
    """Rules compiled by the engine; close it to free them."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Check and compile `rules`; raises RuleError."""
        self._translation = Translation(rules)
        self.names = self._translation.names
        in_order = sorted(range(len(self.names)), key=self.names.__getitem__)
        rank = {position: n for n, position in enumerate(in_order)}
        self._in_order = in_order
        self._ranks = [[rank[position] for position in p.rules] for p in self._translation.patterns]
        self._sessions: dict[int, Session] = {}
        try:
            self._handle = durable_rules_engine.create_ruleset("rules", self._translation.text)
        except _EngineFault as fault:
            raise EngineError(f"The engine refused {len(self.names)} rules: {fault}.") from fault
        self._open = True

    def read(self, facts: Iterable[Fact]) -> ReadFacts:
        """Return `facts` checked and in the engine's terms, for sessions on equal rules; raises FactError."""
        encoded = [(fact, self._translation.encode(fact)) for fact in facts]
        return tuple([(str(fact["id"]), body) for fact, body in encoded])

    def session(self) -> Session:
        """Open a session on these rules."""
        if not self._open:
            raise EngineError("The ruleset is closed.")
        if len(self._sessions) >= MAX_SESSIONS:
            raise EngineError(f"{MAX_SESSIONS} sessions are open on one ruleset; close some.")
        number = next(n for n in range(1, MAX_SESSIONS + 1) if n not in self._sessions)
        session = Session(self, number)
        self._sessions[number] = session
        return session

    def close(self) -> None:
        """Free the rules and every session on them; closing twice is harmless."""
        if self._open:
            for session in tuple(self._sessions.values()):
                session.close()
            self._open = False
            durable_rules_engine.delete_ruleset(self._handle)

    def __enter__(self) -> RuleSet:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class Session:
    """Facts under one ruleset: `add` them, `run` the rules, `close` to free them."""

    def __init__(self, ruleset: RuleSet, number: int) -> None:
        self._ruleset = ruleset
        self._number = number
        self._pending: list[tuple[str, int, str]] = []
        self._ids: dict[str, None] = {}  # in the order in which the facts were added
        self._positions: list[int] = []  # by the number the engine knows a fact by; -1: a mark
        self._open = True
        # A state on which no rule has fired cannot be deleted, so the first thing is a mark that fires.
        self._assert([self._mark()])

    def add(self, facts: Iterable[Fact]) -> None:
        """Check `facts` and keep them for the next run; raises FactError, and then adds none."""
        self.add_read(self._ruleset.read(facts))

    def add_read(self, facts: ReadFacts) -> None:
        """Keep what `RuleSet.read` returned for the next run; raises FactError, and then adds none."""
        first = len(self._ids)
        known = self._ids | dict.fromkeys([identity for identity, _ in facts])
        if len(known) != first + len(facts):
            raise FactError(
                f"Fact ids must differ; used twice: {_twice([*self._ids, *(name for name, _ in facts)])}."
            )
        if len(known) > MAX_FACTS:
            raise FactError(f"{len(known)} facts in one session; at most {MAX_FACTS} can be told apart.")
        self._ids = known
        self._pending += [
            (identity, position, body) for position, (identity, body) in enumerate(facts, first)
        ]

    def run(self) -> list[tuple[str, str]]:
        """Return (rule name, fact id) for every match of the facts added since the last run, sorted."""
        names = self._ruleset.names
        ids = tuple(self._ids)
        return [(names[rule], ids[fact]) for rule, facts in self.firings() for fact in facts]

    def firings(self) -> list[tuple[int, list[int]]]:
        """Return what `run` returns as positions: of a rule, and of the facts that it fired on.

        Rules are ordered by name and facts by id; a fact's position counts all facts ever added.
        """
        if not self._open:
            raise EngineError("The session is closed.")
        self._pending.sort()
        if not self._pending:
            return []
        texts = []
        for _, position, body in self._pending:
            texts.append(self._text(body))
            self._positions.append(position)
        self._pending = []
        texts.append(self._mark())
        return self._assert(texts)

    def close(self) -> None:
        """Free the facts; closing twice is harmless."""
        if self._open:
            self._open = False
            del self._ruleset._sessions[self._number]
            durable_rules_engine.delete_state(self._ruleset._handle, str(self._number))

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _text(self, body: str) -> str:
        return f'{{"id":{len(self._positions)},"sid":{self._number}{body}}}'

    def _mark(self) -> str:
        """Return a fact on which `_init` fires."""
        text = self._text(',"_":1')
        self._positions.append(-1)
        return text

    def _assert(self, texts: Sequence[str]) -> list[tuple[int, list[int]]]:
        """Give the engine one batch that ends with a mark, and drain what fires.

        The engine reports success when it stops reading a batch half-way; the mark at the end proves
        that it read everything.
        """
        mark = len(self._positions) - 1
        try:
            code, state = durable_rules_engine.assert_facts(self._ruleset._handle, f"[{','.join(texts)}]")
            fired = self._drain(state)
        except _EngineFault as fault:
            raise EngineError(f"The engine failed on {len(texts) - 1} facts: {fault}.") from fault
        if code not in (0, UNMATCHED):
            raise EngineError(f"The engine returned {code} for {len(texts) - 1} facts.")
        if fired.pop("_init", None) != [mark]:
            raise EngineError(f"The engine read only some of {len(texts) - 1} facts.")
        return self._by_rule(fired)

    def _drain(self, state: int) -> dict[str, list[int]]:
        """Return the engine's rules that fired, with the numbers of their facts."""
        handle = self._ruleset._handle
        proceed = durable_rules_engine.complete_and_start_action
        fired: dict[str, list[int]] = {}
        started = durable_rules_engine.start_action_for_state(handle, state)
        message = started[1] if started else None
        while message:
            rule = message[2 : message.index('"', 2)]
            fired.setdefault(rule, []).extend(map(int, _FACT_NUMBER.findall(message)))
            message = proceed(handle, state)
        return fired

    def _by_rule(self, fired: dict[str, list[int]]) -> list[tuple[int, list[int]]]:
        """Return the firings under the given rules, ordered by rule name and fact id."""
        ruleset = self._ruleset
        positions = self._positions
        by_rank: dict[int, list[int]] = {}
        for key, numbers in fired.items():
            numbers.sort()
            facts = [positions[number] for number in numbers]
            for rank in ruleset._ranks[int(key)]:
                by_rank[rank] = facts
        return [(ruleset._in_order[rank], by_rank[rank]) for rank in sorted(by_rank)]


def _twice(ids: Sequence[str]) -> str:
    return ", ".join(sorted(name for name, count in Counter(ids).items() if count > 1)[:5])
