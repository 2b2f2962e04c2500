"""Matches provisions with rules in a process of its own, so that no fault of the engine ends the caller.

`compare` is given a `Matcher`. `ProcessMatcher` sends all batches of a comparison to a child process at
once and gives its answers as they come; the child is watched, recycled, and rebuilt when it dies.
`DirectMatcher` does the same work here, for batch workers that are themselves child processes, and for tests.
"""

from __future__ import annotations

import hashlib
import os
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.matching_process import Child, ChildFailure, MatcherError, to_json
from engine.rete import EngineError
from engine.rete_child import Shelf
from engine.rules import Fact, FactError, Rule, RuleError

__all__ = [
    "Batch",
    "DirectMatcher",
    "EngineError",
    "Fact",
    "FactError",
    "Firing",
    "Matcher",
    "MatcherError",
    "ProcessMatcher",
    "Rule",
    "RuleError",
    "default_matcher",
    "ruleset_key",
]

Firing = tuple[str, str]  # rule name, fact id


@dataclass(frozen=True, slots=True)
class Batch:
    """The facts to match with one ruleset. `key` is a hash of the rules: see `Batch.of`.

    With a `facts_key`, a hash of key and facts, facts that are matched again are sent and read once.
    """

    rules: tuple[Rule, ...]
    key: str
    facts: tuple[Fact, ...]
    facts_key: str = ""

    @classmethod
    def of(cls, rules: Sequence[Rule], facts: Sequence[Fact], key: str = "") -> Batch:
        """Return a batch with the keys computed; raises FactError for what can be in no rule or fact."""
        key = key or ruleset_key(rules)
        hashed = hashlib.sha256(key.encode() + to_json(list(facts))).hexdigest()
        return cls(tuple(rules), key, tuple(facts), hashed)

    def named(self, firings: Sequence[tuple[int, Sequence[int]]]) -> list[Firing]:
        """Return positions of rules and facts as rule names and fact ids."""
        ids = [str(fact["id"]) for fact in self.facts]
        named: list[Firing] = []
        for rule, facts in firings:
            name = str(self.rules[rule]["name"])
            named += [(name, ids[fact]) for fact in facts]
        return named


def ruleset_key(rules: Sequence[Rule]) -> str:
    """Return the content hash of `rules`: equal rules in the same order have equal keys."""
    return hashlib.sha256(to_json(list(rules))).hexdigest()


class Matcher(Protocol):
    """Runs rules on facts."""

    def match(self, batches: Sequence[Batch]) -> Iterable[list[Firing]]:
        """Yield per batch which rule fired on which fact, sorted by rule name, then fact id.

        The next batch may be matched while the caller works on this one; nothing is matched before the first
        is asked for. Raises RuleError or FactError for input that cannot be run, MatcherError when
        matching fails.
        """


class DirectMatcher:
    """Runs rules in this process. Safe for threads, but each call holds the interpreter."""

    def __init__(self) -> None:
        self._shelf = Shelf()
        self._lock = threading.Lock()

    def match(self, batches: Sequence[Batch]) -> Iterator[list[Firing]]:
        """See `Matcher`."""
        for batch in batches:
            with self._lock:
                firings = self._shelf.firings(batch.key, batch.rules, batch.facts_key, batch.facts)
            yield batch.named(firings)

    def close(self) -> None:
        """Free the rulesets."""
        with self._lock:
            self._shelf.close()

    def __enter__(self) -> DirectMatcher:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class _Holder:
    """Where a matcher keeps its child, so that it can be ended without keeping the matcher alive."""

    __slots__ = ("child",)

    def __init__(self) -> None:
        self.child: Child | None = None

    def drop(self, patience: float = 0.0) -> None:
        child, self.child = self.child, None
        if child is not None:
            child.close(patience)


class ProcessMatcher:
    """Runs rules in a child process. Safe for threads; one waits until another has read all its answers.

    A thread that asks while it still reads an earlier answer is answered by a child made for that. A
    child that dies, or does not give an answer within `timeout` seconds, is replaced and asked for what is
    left once more; after `calls_per_child` calls it is replaced anyway. It ends with the matcher, with the
    interpreter, and when this process dies.
    """

    def __init__(self, timeout: float = 20.0, calls_per_child: int = 2000) -> None:
        self._timeout = timeout
        self._calls_per_child = calls_per_child
        self._lock = threading.Lock()
        self._reader: int | None = None  # the thread that reads answers
        self._holder = _Holder()
        self._end = weakref.finalize(self, self._holder.drop, 1.0)
        _matchers.add(self)

    @property
    def child_pid(self) -> int | None:
        """The process id of the child, None when there is none."""
        child = self._holder.child
        return None if child is None else child.pid

    def match(self, batches: Sequence[Batch]) -> Iterator[list[Firing]]:
        """See `Matcher`."""
        if not batches:
            return
        if self._reader == threading.get_ident():
            with ProcessMatcher(self._timeout) as another:
                yield from another.match(batches)
            return
        with self._lock:
            self._reader = threading.get_ident()
            try:
                yield from self._answers(batches)
            finally:
                self._reader = None

    def _answers(self, batches: Sequence[Batch]) -> Iterator[list[Firing]]:
        requests = [(batch.key, batch.rules, batch.facts_key, batch.facts) for batch in batches]
        failures: list[str] = []
        answered = 0
        while answered < len(batches):
            try:
                for firings in self._child().ask(requests[answered:], self._timeout):
                    answered += 1
                    yield batches[answered - 1].named(firings)
            except ChildFailure as failure:
                self._holder.drop()
                failures.append(str(failure))
                if len(failures) == 2:
                    told = f"The matching process failed twice: {failures[0]}; then {failures[1]}."
                    raise MatcherError(told) from failure
            except (RuleError, FactError):
                raise
            except BaseException:
                self._holder.drop()  # an interrupted child would answer the next request with this reply
                raise

    def _child(self) -> Child:
        child = self._holder.child
        if child is not None and child.calls >= self._calls_per_child:
            self._holder.drop(1.0)
            child = None
        if child is None:
            child = self._holder.child = Child()
        return child

    def close(self) -> None:
        """End the child; a later call starts a new one."""
        with self._lock:
            self._holder.drop(1.0)

    def __enter__(self) -> ProcessMatcher:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _forked(self) -> None:
        self._lock = threading.Lock()
        self._reader = None
        self._holder.drop()


_matchers: weakref.WeakSet[ProcessMatcher] = weakref.WeakSet()
_default: list[ProcessMatcher] = []
_default_lock = threading.Lock()


def default_matcher() -> ProcessMatcher:
    """Return this process's own matcher, made on first use."""
    with _default_lock:
        if not _default:
            _default.append(ProcessMatcher())
        return _default[0]


def _forked() -> None:
    """Let a forked process start children of its own."""
    global _default_lock
    _default_lock = threading.Lock()
    for matcher in tuple(_matchers):
        matcher._forked()


os.register_at_fork(after_in_child=_forked)
