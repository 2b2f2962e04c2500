"""The job engine: durable jobs, done in worker processes, whatever becomes of the process that runs them.

`EngineRunner` is the `Runner` of a service. A job is a record in the store, an order in DBOS's queues,
and work in a child process. The record is written first and counts; what is missing is made good by a
sweep, at the start and every few seconds. docs/decisions/0041 says why.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from jobs.claims import Claim, claim, end
from jobs.dispatching import Dispatcher, Plan, code_version
from jobs.executors import Presence, new_id
from jobs.running import JobCancelled, JobNotCancellable
from jobs.sweeping import Stage, Verdict, View
from jobs.workers import Done, WorkerDied, Workers, WorkerStopped
from jobs.working import work_of
from jobs.workshop import Workshop
from store import Store
from store import jobs as records
from store.errors import AlreadyExists, KeyReused, NotFound, StoreBusy
from store.jobs import Job, NotHeld
from store.types import utc_now

log = logging.getLogger("mra.service")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the engine looks and how long it waits, in seconds.

    `poll`: for waiting jobs. `beat`: an executor's sign of life; a cancelled job that does not stop by
    itself is stopped at the second beat. `patience`: how long an executor elsewhere may be silent.
    `sweep`: between looks for stuck work. `tidy`: between rounds of dropping old orders. `idle`: a worker
    without work is ended. `longest`: a job is stopped.
    """

    poll: float = 0.5
    beat: float = 2.0
    patience: float = 45.0
    sweep: float = 5.0
    tidy: float = 600.0
    idle: float = 120.0
    longest: float = 3600.0


class TookTooLong(Exception):
    """A job that has run for longer than any may."""


class EngineRunner:
    """Runs jobs durably; one in a process. Safe for threads, and to be called from an event loop."""

    def __init__(self, workshop: Workshop, workers: int = 2, pace: Pace | None = None) -> None:
        self._store = workshop.store
        self._pace = pace or Pace()
        self.executor = new_id()
        address = store_address(workshop.store)
        self._presence = Presence(self.executor, _folder(address))
        self._workers = Workers(address, workshop.policy_folder)
        self._doing: set[str] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        plan = Plan(jobs_address(address), workers, self._pace.poll)
        try:
            self._dispatcher = Dispatcher(plan, self.executor, self._work)
        except BaseException:
            self._presence.close()
            raise
        self._sweeper = threading.Thread(target=self._sweep_on, name="mra-job-sweeper", daemon=True)
        self._sweeper.start()

    def submit(self, kind: str, arguments: Mapping[str, Any], workspace: str, who: str, key: str = "") -> str:
        """See `Runner`. With a `key`, the same call again returns the first one's job.

        Raises KeyReused where the key came with something else before.
        """
        work_of(kind)
        name = hashlib.sha256(f"{workspace}\0{key}".encode()).hexdigest()[:32] if key else ""

        def record(session: Any) -> tuple[Job, bool]:
            known = _known(session, name)
            if known is None:
                return records.create(session, workspace, kind, arguments, who, key=name), True
            if (known.kind, dict(known.request)) != (kind, dict(arguments)):
                raise KeyReused("This idempotency key came with another job before. Use a new one.")
            return known, False

        try:
            job, fresh = self._store.run(record)
        except AlreadyExists:  # the same call, made at the same moment
            job, fresh = self._store.run(record)
        if fresh:
            self._dispatch(job, 1)
        return job.id

    def cancel(self, job: str, workspace: str) -> None:
        """See `Runner`."""
        with self._store.reading() as session:
            found = records.get(session, job, workspace)
        if found.state in records.ENDED:
            raise JobNotCancellable(f"The job is over already: {found.state}.")
        self._store.run(lambda session: records.cancel(session, job, workspace))

    def retry(self, job: str, workspace: str) -> None:
        """See `Runner`."""

        def again(session: Any) -> Job:
            found = records.get(session, job, workspace)
            if found.state in records.OPEN:
                raise records.WrongState(f"The job {job} is {found.state}; it needs no second start.")
            return records.requeue(session, job, workspace)

        self._dispatch(self._store.run(again))

    def close(self, seconds: float) -> None:
        """See `Runner`. What still runs then is stopped, and taken up again by whoever comes next."""
        self._closing.set()
        deadline = threading.Timer(seconds, self._workers.close)
        deadline.daemon = True
        deadline.start()
        self._sweeper.join(10)
        with self._lock:
            busy = bool(self._doing)
        self._dispatcher.close(int(seconds) + 5 if busy else 0)
        deadline.cancel()
        self._workers.close()
        self._presence.close()

    def _dispatch(self, job: Job, number: int = 0) -> None:
        """Give an order to run a job. A failure is no harm: the sweep finds a job without one."""
        try:
            given = number or 1 + len(self._dispatcher.dispatches([job.id])[job.id])
            self._dispatcher.dispatch(job.id, job.kind, given)
        except Exception as error:
            log.warning("job not dispatched yet", exc_info=error, extra={"job": job.id, "kind": job.kind})

    def _work(self, job: str) -> str:
        """Do a job that was handed to this executor; return what became of it.

        An executor that closes leaves the job open. Its order is over then, so that it gets a new one.
        """
        if self._closing.is_set():
            return "left"
        with self._lock:
            if job in self._doing:  # a second order for what runs here already
                return "running"
            self._doing.add(job)
        try:
            return self._done(job)
        except WorkerStopped:
            return "left"
        finally:
            with self._lock:
                self._doing.discard(job)

    def _done(self, job: str) -> str:
        for last in (False, True):
            held = claim(self._store, job, self.executor)
            if held is None:
                break
            try:
                return self._in_worker(held)
            except WorkerDied as error:
                log.error("worker died: %s", error, extra={"job": job})
                if last:
                    return self._fail(held, "worker_died", "The process that did this job ended twice.")
        return "nothing to do"

    def _in_worker(self, held: Claim) -> str:
        try:
            done = self._workers.run(held, self._pace.beat, self._watch(held))
        except NotHeld:
            return "taken over"
        except JobCancelled:
            return end(self._store, held, lambda session: records.cancelled(session, held.job))
        except TookTooLong:
            return self._fail(held, "took_too_long", f"Stopped after {self._pace.longest:.0f} seconds.")
        self._report(held, done)
        return done.state

    def _fail(self, held: Claim, code: str, message: str) -> str:
        told = {"code": code, "message": message}
        return end(self._store, held, lambda session: records.fail(session, held.job, told))

    def _watch(self, held: Claim) -> Callable[[], None]:
        """Return what is called every so often while a job runs; it raises to stop the job."""
        begun, asked = time.monotonic(), 0

        def beat() -> None:
            nonlocal asked
            try:
                asked += self._store.run(held.hold).cancelling
            except StoreBusy:
                return  # others have been writing for long; the next beat will do
            if asked > 1:
                raise JobCancelled
            if time.monotonic() - begun > self._pace.longest:
                raise TookTooLong

        return beat

    def _report(self, held: Claim, done: Done) -> None:
        if done.error:
            log.error("job failed: %s", done.error, extra={"job": held.job})

    def _sweep_on(self) -> None:
        due = 0.0
        while True:
            try:
                self.sweep()
                self._workers.trim(self._pace.idle)
                if time.monotonic() >= due:
                    self._dispatcher.forget(timedelta(days=1))
                    due = time.monotonic() + self._pace.tidy
            except Exception as error:
                if not self._closing.is_set():
                    log.error("sweep failed", exc_info=error)
            if self._closing.wait(self._pace.sweep):
                return

    def sweep(self) -> tuple[str, ...]:
        """Take up every job that nobody is doing any more; return their ids."""
        with self._lock:
            doing = frozenset(self._doing)
        with self._store.reading() as session:
            waiting = records.unfinished(session)
        if not waiting:
            return ()
        given = self._dispatcher.dispatches([job.id for job in waiting])
        view = View(
            utc_now(), self.executor, self._dispatcher.version, doing,
            self._presence.lives, self._presence.alone(), timedelta(seconds=self._pace.patience),
        )  # fmt: skip
        lost = [
            (job, verdict)
            for job in waiting
            if (verdict := view.judge(job, given[job.id])) is not Verdict.LEAVE
        ]
        for job, verdict in lost:
            open_ones = [one.number for one in given[job.id] if one.stage is not Stage.OVER]
            self._dispatcher.withdraw(job.id, open_ones)
            if verdict is Verdict.GIVE_UP:
                self._give_up(job)
            else:
                self._dispatcher.dispatch(job.id, job.kind, 1 + len(given[job.id]))
        return tuple(job.id for job, _ in lost)

    def _give_up(self, job: Job) -> None:
        log.error("job given up after %d attempts", job.attempts, extra={"job": job.id, "kind": job.kind})
        told = {
            "code": "given_up",
            "message": f"The service stopped {job.attempts} times while it did this job.",
        }
        self._store.run(lambda session: records.fail(session, job.id, told))


def _known(session: Any, job: str) -> Job | None:
    try:
        return records.get(session, job) if job else None
    except NotFound:
        return None


def store_address(store: Store) -> str:
    """Return the address of a store with its password, for a process that opens it anew."""
    return store.engine.url.render_as_string(hide_password=False)


def jobs_address(address: str) -> str:
    """Return where the orders are: in `X-jobs.sqlite` beside a store `X.sqlite`, or in its PostgreSQL."""
    file = _file(address)
    if file is None:
        return address.replace("postgresql+psycopg://", "postgresql://", 1)
    return f"sqlite:///{file.with_name(f'{file.stem}-jobs.sqlite')}"


def _folder(address: str) -> Path | None:
    file = _file(address)
    return file.with_name(f"{file.stem}-executors") if file else None


def _file(address: str) -> Path | None:
    scheme, _, rest = address.partition(":///")
    return Path(rest).resolve() if scheme == "sqlite" else None


__all__ = ["EngineRunner", "Pace", "code_version", "jobs_address"]
