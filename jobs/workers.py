"""The parent's side of the worker processes: starting them, handing them jobs, watching and ending them."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jobs.claims import Claim

BOOTSTRAP = "import sys; sys.path.append(sys.argv[1]); from jobs.worker import main; main()"
JOBS_PER_WORKER = 50  # then a new one, so that whatever a job leaves behind does not pile up


class WorkerDied(Exception):
    """The worker process ended in the middle of a job; the text says how."""


class WorkerStopped(Exception):
    """The worker process was ended by us in the middle of a job."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a job ended: its state, and where an error came from that nobody foresaw."""

    state: str
    error: str = ""


class Worker:
    """One worker process, in a process group of its own."""

    def __init__(self, url: str, policy: Path | None) -> None:
        root = str(Path(__file__).resolve().parents[1])
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", BOOTSTRAP, root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        self.jobs = 0
        self.idle_since = time.monotonic()
        self._stopped = False
        self._settings = {"url": url, "policy": str(policy) if policy else ""}

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._requests.write(json.dumps(message).encode() + b"\n")
        except BrokenPipeError:
            raise WorkerDied(self._how()) from None

    def run(self, claim: Claim, every: float, beat: Callable[[], None]) -> Done:
        """Have a job done; call `beat` every so many seconds meanwhile. Whatever it raises comes through.

        Raises WorkerDied, and WorkerStopped where `stop` was called.
        """
        if not self.jobs:  # on standard input: others may read the arguments and environment of a process
            self._send(self._settings)
        self.jobs += 1
        self._send(asdict(claim))
        answer = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            while not answer.endswith(b"\n"):
                if not selector.select(every):
                    beat()
                    continue
                data = os.read(self._answers.fileno(), 1 << 16)
                if not data:
                    raise WorkerStopped if self._stopped else WorkerDied(self._how())
                answer += data
        self.idle_since = time.monotonic()
        return Done(**json.loads(answer))

    def _how(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        code = self._process.returncode
        return "it ended" if code is None else f"signal {-code}" if code < 0 else f"exit code {code}"

    def stop(self) -> None:
        """End the process and all that it started; safe to call from any thread, and twice."""
        self._stopped = True
        with contextlib.suppress(ProcessLookupError):
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process and give back its pipes."""
        self.stop()
        self._process.wait()
        self._requests.close()
        self._answers.close()


class Workers:
    """Worker processes, started when they are needed and kept for the next job. Safe for threads."""

    def __init__(self, url: str, policy: Path | None) -> None:
        self._url, self._policy = url, policy
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, claim: Claim, every: float, beat: Callable[[], None]) -> Done:
        """Have a job done by a worker; see `Worker.run`."""
        worker = self._take()
        fit = False
        try:
            done = worker.run(claim, every, beat)
            fit = worker.jobs < JOBS_PER_WORKER
            return done
        finally:
            self._give_back(worker, fit=fit)

    def _take(self) -> Worker:
        with self._lock:
            if self._closed:
                raise WorkerStopped
            worker = self._idle.pop() if self._idle else Worker(self._url, self._policy)
            self._busy.add(worker)
        return worker

    def _give_back(self, worker: Worker, *, fit: bool) -> None:
        with self._lock:
            self._busy.discard(worker)
            if fit and not self._closed:
                self._idle.append(worker)
                return
        worker.close()

    def trim(self, idle_seconds: float) -> None:
        """End the workers that have had nothing to do for so long, and give back their memory."""
        limit = time.monotonic() - idle_seconds
        with self._lock:
            old = [worker for worker in self._idle if worker.idle_since < limit]
            self._idle = [worker for worker in self._idle if worker not in old]
        for worker in old:
            worker.close()

    def pids(self) -> tuple[int, ...]:
        """The process ids of all workers."""
        with self._lock:
            return tuple(sorted(worker.pid for worker in (*self._idle, *self._busy)))

    def close(self) -> None:
        """End all workers, also those with a job."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = tuple(self._busy)
        for worker in busy:
            worker.stop()  # whoever waits for it closes it
        for worker in idle:
            worker.close()
