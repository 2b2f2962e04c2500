"""The child process of `engine.matching`: keeps compiled rulesets and answers matching requests.

It is started with nothing but the standard library, this module and engine.rete with what that needs,
and ends when its standard input does. A message, either way, is four bytes of length (big-endian) and JSON.

request  {"limit": seconds, "batches": [[key, rules or null, facts], …]}; null: the rules sent earlier
reply    {"firings": [[[rule position, [fact position, …]], …], …]}, one list per batch, or
         {"fault": [kind, text], "keys": [key, …]}: why it failed, and the rulesets held after that
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterable, Iterator, Sequence

from engine.rete import EngineError, RuleSet
from engine.rules import Fact, FactError, Rule, RuleError

RULESETS_KEPT = 64
LENGTH_BYTES = 4
FAULTS = (RuleError, FactError, EngineError)


class Recent:
    """Keys in the order of their last use, at most `limit` of them.

    Parent and child each keep one and make the same calls, so the parent knows what the child holds.
    """

    def __init__(self, limit: int = RULESETS_KEPT, keys: Iterable[str] = ()) -> None:
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


class Shelf:
    """Compiled rulesets by key; those not used for longest are freed."""

    def __init__(self, limit: int = RULESETS_KEPT) -> None:
        self.recent = Recent(limit)
        self._rulesets: dict[str, RuleSet] = {}

    def firings(
        self, key: str, rules: Sequence[Rule] | None, facts: Iterable[Fact]
    ) -> list[tuple[int, list[int]]]:
        """Return `Session.firings` of `facts`; `rules` are compiled if `key` is new."""
        ruleset = self._rulesets.get(key)
        if ruleset is None:
            if rules is None:
                raise EngineError(f"No rules were sent for {key}.")
            ruleset = self._rulesets[key] = RuleSet(rules)
        dropped = self.recent.use(key)
        if dropped is not None:
            self._rulesets.pop(dropped).close()
        with ruleset.session() as session:
            session.add(facts)
            return session.firings()

    def close(self) -> None:
        """Free every ruleset."""
        for ruleset in self._rulesets.values():
            ruleset.close()
        self._rulesets.clear()
        self.recent = Recent()


def answer(shelf: Shelf, request: bytes) -> bytes:
    """Return the reply to one request."""
    message = json.loads(request)
    signal.alarm(message["limit"])  # an engine that hangs holds the interpreter: only a signal ends it
    reply: dict[str, object]
    try:
        reply = {"firings": [shelf.firings(*batch) for batch in message["batches"]]}
    except FAULTS as fault:
        reply = {"fault": [type(fault).__name__, str(fault)], "keys": list(shelf.recent)}
    signal.alarm(0)
    return json.dumps(reply, separators=(",", ":")).encode()


def serve() -> None:
    """Answer requests on standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    replies = os.dup(1)
    os.dup2(2, 1)  # whatever the C module might print must not end up in a reply
    shelf = Shelf()
    with open(0, "rb") as source, open(replies, "wb") as sink:  # noqa: PTH123 - file descriptors
        while length := source.read(LENGTH_BYTES):
            reply = answer(shelf, source.read(int.from_bytes(length)))
            sink.write(len(reply).to_bytes(LENGTH_BYTES) + reply)
            sink.flush()
