"""The child process of `engine.matching`: keeps compiled rulesets and answers matching requests.

It is started with nothing but the standard library, this module and engine.rete with what that needs,
and ends when its standard input does. A message, either way, is four bytes of length (big-endian) and JSON.

request  {"limit": seconds, "batches": [[key, rules or null, facts key, facts or null], …]}
         null: what was sent earlier under the key; facts with an empty key are not kept
replies  one for each batch, as soon as it is known: {"firings": [[rule position, [fact position, …]], …]};
         or, as the last, why it failed and what is held after that:
         {"fault": [kind, text], "kept": [[key, …], [facts key, …]]}
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterable, Iterator, Sequence

from engine.rete import EngineError, ReadFacts, RuleSet
from engine.rules import Fact, FactError, Rule, RuleError

RULESETS_KEPT = 64
FACTS_KEPT = 512  # a comparison has the facts of a dozen rulesets, some kilobytes each
LENGTH_BYTES = 4
FAULTS = (RuleError, FactError, EngineError)


class Recent:
    """Keys in the order of their last use, at most `limit` of them.

    Parent and child each keep one and make the same calls, so the parent knows what the child holds.
    """

    def __init__(self, limit: int, keys: Iterable[str] = ()) -> None:
        self._limit = limit
        self._keys = dict.fromkeys(keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def use(self, key: str) -> str | None:
        """Note that `key` is used now; return the key that falls out for it, if any."""
        self._keys.pop(key, None)
        self._keys[key] = None
        if len(self._keys) <= self._limit:
            return None
        oldest = next(iter(self._keys))
        del self._keys[oldest]
        return oldest


class Held:
    """The keys of the rulesets and of the facts that a child holds."""

    def __init__(self, rulesets: Iterable[str] = (), facts: Iterable[str] = ()) -> None:
        self.rulesets = Recent(RULESETS_KEPT, rulesets)
        self.facts = Recent(FACTS_KEPT, facts)

    def use(self, key: str, facts_key: str) -> None:
        """Note that a batch is matched now."""
        self.rulesets.use(key)
        if facts_key:
            self.facts.use(facts_key)


class Shelf:
    """Compiled rulesets, and facts read for them, by key; those not used for longest are freed."""

    def __init__(self) -> None:
        self.held = Held()
        self._rulesets: dict[str, RuleSet] = {}
        self._facts: dict[str, ReadFacts] = {}

    def firings(
        self, key: str, rules: Sequence[Rule] | None, facts_key: str, facts: Iterable[Fact] | None
    ) -> list[tuple[int, list[int]]]:
        """Return `Session.firings` of `facts`; `rules` are compiled and `facts` read if their key is new.

        A key of facts holds for one ruleset; facts with an empty key are not kept.
        """
        ruleset = self._ruleset(key, rules)
        read = self._read(ruleset, facts_key, facts)
        with ruleset.session() as session:
            session.add_read(read)
            return session.firings()

    def _ruleset(self, key: str, rules: Sequence[Rule] | None) -> RuleSet:
        ruleset = self._rulesets.get(key)
        if ruleset is None:
            if rules is None:
                raise EngineError(f"No rules were sent for {key}.")
            ruleset = self._rulesets[key] = RuleSet(rules)
        dropped = self.held.rulesets.use(key)
        if dropped is not None:
            self._rulesets.pop(dropped).close()
        return ruleset

    def _read(self, ruleset: RuleSet, key: str, facts: Iterable[Fact] | None) -> ReadFacts:
        read = self._facts.get(key)
        if read is None:
            if facts is None:
                raise EngineError(f"No facts were sent for {key}.")
            read = ruleset.read(facts)
        if key:
            self._facts[key] = read
            dropped = self.held.facts.use(key)
            if dropped is not None:
                del self._facts[dropped]
        return read

    def close(self) -> None:
        """Free every ruleset."""
        for ruleset in self._rulesets.values():
            ruleset.close()
        self._rulesets.clear()
        self._facts.clear()
        self.held = Held()


def answers(shelf: Shelf, request: bytes) -> Iterator[bytes]:
    """Yield the replies to one request."""
    message = json.loads(request)
    for batch in message["batches"]:
        signal.alarm(message["limit"])  # an engine that hangs holds the interpreter: only a signal ends it
        reply: dict[str, object]
        try:
            reply = {"firings": shelf.firings(*batch)}
        except FAULTS as fault:
            held = shelf.held
            kept = [list(held.rulesets), list(held.facts)]
            reply = {"fault": [type(fault).__name__, str(fault)], "kept": kept}
        signal.alarm(0)
        yield json.dumps(reply, separators=(",", ":")).encode()
        if "fault" in reply:
            return


def serve() -> None:
    """Answer requests on standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    replies = os.dup(1)
    os.dup2(2, 1)  # whatever the C module might print must not end up in a reply
    shelf = Shelf()
    with open(0, "rb") as source, open(replies, "wb") as sink:  # noqa: PTH123 - file descriptors
        while length := source.read(LENGTH_BYTES):
            for reply in answers(shelf, source.read(int.from_bytes(length))):
                sink.write(len(reply).to_bytes(LENGTH_BYTES) + reply)
                sink.flush()
