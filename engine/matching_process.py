"""The parent's side of the matching process: starting it, asking it, ending it.

The child runs engine.rete_child. It imports the few modules of this package that it needs, but neither
the package itself nor anything that `site` would find, so that it starts in some 20 milliseconds.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from criteria.problems import MraError
from engine.rete import EngineError
from engine.rete_child import FAULTS, LENGTH_BYTES, Held
from engine.rules import Fact, FactError, Rule

BOOTSTRAP = """
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


Request = tuple[str, Sequence[Rule], str, Sequence[Fact]]  # ruleset key, rules, facts key, facts
Firings = Sequence[tuple[int, Sequence[int]]]  # position of a rule, and of the facts that it fired on


class MatcherError(MraError):
    """The matching process failed twice on the same request, or cannot be started."""


class ChildFailure(Exception):
    """The child died, hung or sent nonsense; the text says which."""


class Child:
    """One child process, and which rulesets and facts it holds."""

    def __init__(self) -> None:
        spec = importlib.util.find_spec("durable_rules_engine")
        if spec is None or spec.origin is None:
            raise MatcherError("The rule engine is not installed: no module durable_rules_engine.")
        self.held = Held()
        self.calls = 0
        self.owner = os.getpid()
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        command = [sys.executable, "-I", "-S", "-c", BOOTSTRAP, str(Path(__file__).parent), spec.origin]
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

    def ask(self, requests: Sequence[Request], timeout: float) -> Iterator[Firings]:
        """Yield the child's answer to each request, as soon as it is there.

        Raises ChildFailure when the child dies, needs more than `timeout` seconds for one answer, or
        reports a fault of the engine; FactError when a request holds what JSON cannot; RuleError and
        FactError when the child says so, after which it can be asked again.
        """
        self.calls += 1
        message = to_json({"limit": int(timeout) + 5, "batches": [self._short(*r) for r in requests]})
        for key, _, facts_key, _ in requests:
            self.held.use(key, facts_key)
        unsent = memoryview(len(message).to_bytes(LENGTH_BYTES) + message)
        received = bytearray()
        for _ in requests:
            unsent = self._exchange(unsent, received, timeout)
            yield self._answer(received)

    def _answer(self, received: bytearray) -> Firings:
        """Take the first reply out of what was received and return what it answers."""
        end = _reply_end(received)
        try:
            answer: dict[str, Any] = json.loads(received[LENGTH_BYTES:end])
        except ValueError as error:
            raise ChildFailure(f"its reply cannot be read: {error}") from error
        del received[:end]
        if "fault" in answer:
            kind, text = answer["fault"]
            if kind == EngineError.__name__:
                raise ChildFailure(text)
            self.held = Held(*answer["kept"])
            raise next(fault for fault in FAULTS if fault.__name__ == kind)(text)
        firings: Firings = answer["firings"]
        return firings

    def _short(
        self, key: str, rules: Sequence[Rule], facts_key: str, facts: Sequence[Fact]
    ) -> Sequence[object]:
        """Return the request without the rules and facts that the child has."""
        held = self.held
        return (
            key,
            None if key in held.rulesets else rules,
            facts_key,
            None if facts_key in held.facts else facts,
        )

    def _exchange(self, unsent: memoryview, received: bytearray, timeout: float) -> memoryview:
        """Send and receive until a whole reply is received; return what is still unsent."""
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self._replies, selectors.EVENT_READ)
            if unsent:
                selector.register(self._requests, selectors.EVENT_WRITE)
            while len(received) < _reply_end(received):
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if not ready:
                    raise ChildFailure(f"no reply within {timeout:g} seconds{self._last_words()}")
                for key, _ in ready:
                    if key.fileobj is self._replies:
                        received += self._read()
                    else:
                        unsent = unsent[self._write(unsent) :]
                        if not unsent:
                            selector.unregister(self._requests)
        return unsent

    def _read(self) -> bytes:
        data = os.read(self._replies.fileno(), 1 << 20)
        if not data:
            raise ChildFailure(f"it ended{self._last_words()}")
        return data

    def _write(self, data: memoryview) -> int:
        try:
            return os.write(self._requests.fileno(), data[: 1 << 16])
        except BrokenPipeError:
            raise ChildFailure(f"it ended{self._last_words()}") from None

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


def _reply_end(received: bytearray) -> int:
    """Return where the first reply ends in what was received, as far as that is known."""
    known = len(received) >= LENGTH_BYTES
    return LENGTH_BYTES + (int.from_bytes(received[:LENGTH_BYTES]) if known else 0)


def to_json(message: object) -> bytes:
    """Return `message` as JSON, any mapping as an object; raises FactError for other values."""
    return json.dumps(message, separators=(",", ":"), default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise FactError(f"{value!r} can be neither in a rule nor in a fact.")
