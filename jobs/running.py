"""Long work: started, watched, cancelled. `Runner` is what the service uses, whoever runs the work.

`jobs.engine.EngineRunner` is what a server uses: durable, in child processes. `LocalRunner` runs jobs on
threads of this process, and forgets them with it: for tests and tools. Their rows in the store are what
people see of a job, so that progress is the same wherever the work runs.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Protocol

from criteria.problems import MraError
from jobs.working import failure_of, work_of
from jobs.workshop import Actor, Workshop
from store import jobs as records

log = logging.getLogger("mra.service")


class JobNotCancellable(MraError):
    """A job that is over already."""


class JobCancelled(Exception):
    """Raised inside a job at its next step when somebody has cancelled it."""


class Runner(Protocol):
    """Runs the kinds of work in `jobs.working`, each to its end or to a recorded failure."""

    def submit(self, kind: str, arguments: Mapping[str, Any], workspace: str, who: str) -> str:
        """Start a job and return its id. Raises UnknownName for a kind that does not exist."""

    def cancel(self, job: str, workspace: str) -> None:
        """Ask a job to stop at its next step. Raises NotFound, JobNotCancellable."""

    def retry(self, job: str, workspace: str) -> None:
        """Run a failed or cancelled job again. Raises NotFound, WrongState."""

    def close(self, seconds: float) -> None:
        """Take no more work, and wait that long for what runs."""


class LocalRunner:
    """Runs jobs on threads of this process; open jobs of a process that is gone are taken up at the start."""

    def __init__(self, workshop: Workshop, workers: int = 2) -> None:
        self._workshop = workshop
        self._executor = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="mra-job")
        self._running: set[Future[None]] = set()
        self._lock = threading.Lock()

    def submit(self, kind: str, arguments: Mapping[str, Any], workspace: str, who: str) -> str:
        """See `Runner`."""
        work_of(kind)
        job = self._workshop.store.run(
            lambda session: records.create(session, workspace, kind, arguments, who)
        )
        self._start(job)
        return job.id

    def cancel(self, job: str, workspace: str) -> None:
        """See `Runner`."""
        with self._workshop.store.reading() as session:
            found = records.get(session, job, workspace)
        if found.state in records.ENDED:
            raise JobNotCancellable(f"The job is over already: {found.state}.")
        self._workshop.store.run(lambda session: records.cancel(session, job, workspace))

    def retry(self, job: str, workspace: str) -> None:
        """See `Runner`."""
        with self._workshop.store.reading() as session:
            found = records.get(session, job, workspace)
        if found.state in records.OPEN:
            raise records.WrongState(f"The job {job} is {found.state}; it needs no second start.")
        self._start(self._workshop.store.run(lambda session: records.requeue(session, job, workspace)))

    def close(self, seconds: float) -> None:
        """See `Runner`. What is still running then is left to its thread, and taken up at the next start."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            left = tuple(self._running)
        wait(left, timeout=seconds)

    def _start(self, job: records.Job) -> None:
        future = self._pool.submit(self._run, job)
        with self._lock:
            self._running.add(future)
        future.add_done_callback(self._done)

    def _done(self, future: Future[None]) -> None:
        with self._lock:
            self._running.discard(future)

    def _run(self, job: records.Job) -> None:
        store = self._workshop.store
        try:
            store.run(lambda session: records.start(session, job.id, self._executor))
        except records.WrongState:
            return  # cancelled before it began
        try:
            actor = Actor(job.who, job.workspace, job.id)
            result = work_of(job.kind)(self._workshop, actor, job.request, self._progress(job.id))
            store.run(lambda session: records.finish(session, job.id, result))
        except JobCancelled:
            store.run(lambda session: records.cancelled(session, job.id))
        except Exception as error:
            told = failure_of(error)
            if told["code"] == "internal":
                log.error("job failed", exc_info=error, extra={"job": job.id, "kind": job.kind})
            store.run(lambda session: records.fail(session, job.id, told))

    def _progress(self, job: str) -> Any:
        def step(what: str, done: int, total: int) -> None:
            now = self._workshop.store.run(lambda session: records.progress(session, job, what, done, total))
            if now.cancelling or now.state in records.ENDED:
                raise JobCancelled

        return step
