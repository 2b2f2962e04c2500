"""Matches provisions with rules in a process of its own, so that no fault of the engine ends the caller.

`compare` is given a `Matcher`. `ProcessMatcher` sends all batches of a comparison to a child process in
one round trip; the child is watched, recycled, and rebuilt when it dies. `DirectMatcher` does the same
work here, for batch workers that are themselves child processes, and for tests.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import selectors
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from criteria.problems import MraError
from engine.rete import EngineError, Fact, FactError, Rule, RuleError
from engine.rete_child import FAULTS, LENGTH_BYTES, Recent, Shelf

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

# The child imports the two modules of this package that it needs, but neither the package itself nor
# anything that `site` would find.
_BOOTSTRAP = """
import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec
folder, extension = sys.argv[1:]
package = type(sys)("engine")
package.__path__ = [folder]
sys.modules["engine"] = package
name = "durable_rules_engine"
loader = ExtensionFileLoader(name, extension)
sys.modules[name] = loader.create_module(ModuleSpec(name, loader, origin=extension))
loader.exec_module(sys.modules[name])
from engine.rete_child import serve
serve()
"""
# The engine takes and returns megabytes for each comparison; the child keeps them.
_KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "268435456", "MALLOC_TOP_PAD_": "16777216"}
_STDERR_SHOWN = 2000  # characters of the child's last words put into an error text


class MatcherError(MraError):
    """The matching process failed twice on the same request, or cannot be started."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The facts to match with one ruleset. `key` is a hash of the rules: see `Batch.of`."""

    rules: tuple[Rule, ...]
    key: str
    facts: tuple[Fact, ...]

    @classmethod
    def of(cls, rules: Sequence[Rule], facts: Sequence[Fact]) -> Batch:
        """Return a batch with the key computed."""
        return cls(tuple(rules), ruleset_key(rules), tuple(facts))

    def named(self, firings: Sequence[tuple[int, Sequence[int]]]) -> list[Firing]:
        """Return positions of rules and facts as rule names and fact ids."""
        names = [str(rule["name"]) for rule in self.rules]
        ids = [str(fact["id"]) for fact in self.facts]
        return [(names[rule], ids[fact]) for rule, facts in firings for fact in facts]


def _json(message: object) -> bytes:
    return json.dumps(message, separators=(",", ":"), default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise FactError(f"{value!r} can be neither in a rule nor in a fact.")


def ruleset_key(rules: Sequence[Rule]) -> str:
    """Return the content hash of `rules`: equal rules in the same order have equal keys."""
    return hashlib.sha256(_json(list(rules))).hexdigest()


class Matcher(Protocol):
    """Runs rules on facts."""

    def match(self, batches: Sequence[Batch]) -> list[list[Firing]]:
        """Return per batch which rule fired on which fact, sorted by rule name, then fact id.

        Raises RuleError or FactError for input that cannot be run, MatcherError when matching fails.
        """


class DirectMatcher:
    """Runs rules in this process. Safe for threads, but each call holds the interpreter."""

    def __init__(self) -> None:
        self._shelf = Shelf()
        self._lock = threading.Lock()

    def match(self, batches: Sequence[Batch]) -> list[list[Firing]]:
        """See `Matcher`."""
        with self._lock:
            return [
                batch.named(self._shelf.firings(batch.key, batch.rules, batch.facts)) for batch in batches
            ]

    def close(self) -> None:
        """Free the rulesets."""
        with self._lock:
            self._shelf.close()

    def __enter__(self) -> DirectMatcher:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class _ChildFailure(Exception):
    """The child died, hung or sent nonsense; the text says which."""


class _Child:
    """One child process, and which rulesets it holds."""

    def __init__(self) -> None:
        spec = importlib.util.find_spec("durable_rules_engine")
        if spec is None or spec.origin is None:
            raise MatcherError("The rule engine is not installed: no module durable_rules_engine.")
        self.recent = Recent()
        self.calls = 0
        self.owner = os.getpid()
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        command = [sys.executable, "-I", "-S", "-c", _BOOTSTRAP, str(Path(__file__).parent), spec.origin]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                bufsize=0,
                env={**os.environ, **_KEEP_MEMORY},
            )
        except OSError as error:
            self._stderr.close()
            raise MatcherError(f"The matching process cannot be started: {error}.") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._replies = self._process.stdin, self._process.stdout
        os.set_blocking(self._requests.fileno(), False)
        os.set_blocking(self._replies.fileno(), False)

    @property
    def pid(self) -> int:
        """The process id of the child."""
        return self._process.pid

    def ask(self, batches: Sequence[Batch], timeout: float) -> dict[str, Any]:
        """Return the child's reply; raises _ChildFailure if it dies or takes over `timeout` seconds."""
        self.calls += 1
        message = {"limit": int(timeout) + 5, "batches": [self._batch(batch) for batch in batches]}
        request = _json(message)
        reply = self._exchange(len(request).to_bytes(LENGTH_BYTES) + request, timeout)
        answer: dict[str, Any] = json.loads(reply)
        if "fault" in answer:
            self.recent = Recent(keys=answer["keys"])
            if answer["fault"][0] == EngineError.__name__:
                raise _ChildFailure(answer["fault"][1])
        return answer

    def _batch(self, batch: Batch) -> tuple[str, Sequence[Rule] | None, Sequence[Fact]]:
        known = batch.key in self.recent
        self.recent.use(batch.key)
        return batch.key, None if known else batch.rules, batch.facts

    def _exchange(self, request: bytes, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        unsent = memoryview(request)
        reply = bytearray()
        expected = LENGTH_BYTES
        with selectors.DefaultSelector() as selector:
            selector.register(self._requests, selectors.EVENT_WRITE)
            selector.register(self._replies, selectors.EVENT_READ)
            while len(reply) < expected:
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if not ready:
                    raise _ChildFailure(f"no reply within {timeout:g} seconds{self._last_words()}")
                for key, _ in ready:
                    if key.fileobj is self._replies:
                        reply += self._read()
                    else:
                        unsent = unsent[self._write(unsent) :]
                        if not unsent:
                            selector.unregister(self._requests)
                if len(reply) >= LENGTH_BYTES:
                    expected = LENGTH_BYTES + int.from_bytes(reply[:LENGTH_BYTES])
        return bytes(reply[LENGTH_BYTES:])

    def _read(self) -> bytes:
        data = os.read(self._replies.fileno(), 1 << 20)
        if not data:
            raise _ChildFailure(f"it ended{self._last_words()}")
        return data

    def _write(self, data: memoryview) -> int:
        try:
            return os.write(self._requests.fileno(), data[: 1 << 16])
        except BrokenPipeError:
            raise _ChildFailure(f"it ended{self._last_words()}") from None

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.05)
        code = self._process.returncode
        how = "" if code is None else f" with signal {-code}" if code < 0 else f" with code {code}"
        self._stderr.seek(0)
        words = self._stderr.read().decode(errors="replace").strip()[-_STDERR_SHOWN:]
        return f"{how}; it wrote: {words}" if words else how

    def close(self, patience: float = 0.0) -> None:
        """End the child: let it finish for `patience` seconds, then kill it.

        In a process forked from the owner this only drops the copies of the pipes.
        """
        self._requests.close()
        if self.owner == os.getpid():
            try:
                self._process.wait(patience)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        else:
            self._process.returncode = 0  # not ours to wait for
        self._replies.close()
        self._stderr.close()


class _Holder:
    """Where a matcher keeps its child, so that it can be ended without keeping the matcher alive."""

    __slots__ = ("child",)

    def __init__(self) -> None:
        self.child: _Child | None = None

    def drop(self, patience: float = 0.0) -> None:
        child, self.child = self.child, None
        if child is not None:
            child.close(patience)


class ProcessMatcher:
    """Runs rules in a child process. Safe for threads; calls wait for each other.

    A child that dies, or does not answer within `timeout` seconds, is replaced and asked once more;
    after `calls_per_child` calls it is replaced anyway. It ends with the matcher, with the interpreter,
    and when this process dies.
    """

    def __init__(self, timeout: float = 20.0, calls_per_child: int = 2000) -> None:
        self._timeout = timeout
        self._calls_per_child = calls_per_child
        self._lock = threading.Lock()
        self._holder = _Holder()
        self._end = weakref.finalize(self, self._holder.drop, 1.0)
        _matchers.add(self)

    @property
    def child_pid(self) -> int | None:
        """The process id of the child, None when there is none."""
        child = self._holder.child
        return None if child is None else child.pid

    def match(self, batches: Sequence[Batch]) -> list[list[Firing]]:
        """See `Matcher`."""
        if not batches:
            return []
        with self._lock:
            answer = self._answer(batches)
        if "fault" in answer:
            kind, text = answer["fault"]
            raise next(fault for fault in FAULTS if fault.__name__ == kind)(text)
        return [batch.named(firings) for batch, firings in zip(batches, answer["firings"], strict=True)]

    def _answer(self, batches: Sequence[Batch]) -> dict[str, Any]:
        failures: list[str] = []
        while len(failures) < 2:
            try:
                return self._child().ask(batches, self._timeout)
            except _ChildFailure as failure:
                self._holder.drop()
                failures.append(str(failure))
            except BaseException:
                self._holder.drop()  # an interrupted child would answer the next request with this reply
                raise
        raise MatcherError(f"The matching process failed twice: {failures[0]}; then {failures[1]}.")

    def _child(self) -> _Child:
        child = self._holder.child
        if child is not None and child.calls >= self._calls_per_child:
            self._holder.drop(1.0)
            child = None
        if child is None:
            child = self._holder.child = _Child()
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
