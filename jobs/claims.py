"""A job as one execution of it has it: what it writes, it writes only while the job is its own.

An executor claims a job and gets the number of its attempt. Should it stop answering, another one takes
the job over under the next number. From then on the first can write nothing more, even if it was only
asleep: each of its transactions asks first whether the job is still its own. The transaction in which
work is written also records the job as done, so that there is never one without the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jobs.running import JobCancelled
from jobs.working import failure_of, work_of
from jobs.workshop import Actor, Progress, Workshop
from store import Store
from store import jobs as records
from store.errors import NotFound
from store.jobs import Job, NotHeld

FREELY = 20  # steps told as they come; later ones not more often than every PACE seconds
PACE = 0.25


@dataclass(frozen=True, slots=True)
class Claim:
    """A job, who has it, and by which of its attempts."""

    job: str
    executor: str
    attempt: int

    def hold(self, session: Any) -> Job:
        """Keep all others from the job until the transaction ends; raise NotHeld where it is not ours."""
        try:
            return records.hold(session, self.job, self.executor, self.attempt)
        except NotFound as error:  # its workspace was deleted
            raise NotHeld(str(error)) from error


def claim(store: Store, job: str, executor: str) -> Claim | None:
    """Take a job to run it; None where there is nothing to do: it ended, was cancelled, or is gone."""

    def take(session: Any) -> Claim | None:
        try:
            found = records.get(session, job)
        except NotFound:
            return None
        if found.cancelling:
            records.cancelled(session, job)
            return None
        if found.state not in records.OPEN:
            return None
        return Claim(job, executor, records.start(session, job, executor).attempts)

    return store.run(take)


def end(store: Store, held: Claim, how: Callable[[Any], Job]) -> str:
    """Bring a job to its end where it is still ours; return the state it is in, "gone" if it is no more."""

    def write(session: Any) -> str:
        try:
            held.hold(session)
        except NotHeld:
            return _state(session, held.job)
        return how(session).state

    return store.run(write)


def _state(session: Any, job: str) -> str:
    try:
        return records.get(session, job).state
    except NotFound:
        return "gone"


class HeldStore(Store):
    """A store for one execution of a job: it writes nothing once the job is not its own, or is cancelled."""

    def __init__(self, store: Store, held: Claim) -> None:
        self.engine = store.engine
        self._held = held

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """See `Store`. Raises NotHeld, and JobCancelled where somebody asked the job to stop."""
        with super().writing() as session:
            if self._held.hold(session).cancelling:
                raise JobCancelled
            yield session


@dataclass(frozen=True, slots=True)
class JobActor(Actor):
    """Whoever started the job; `request_id` is the job's id, and so stands in the audit trail."""

    def outcome(self, session: Any, result: Mapping[str, Any]) -> None:
        """Record the job as done, in the transaction that writes what it has done."""
        records.finish(session, self.request_id, result)


def execute(workshop: Workshop, held: Claim) -> tuple[str, Exception | None]:
    """Do the work of a claimed job to its end; return its state, and the error that nobody foresaw."""
    store = workshop.store
    with store.reading() as session:
        job = records.get(session, held.job)
    mine = HeldStore(store, held)
    actor = JobActor(job.who, job.workspace, job.id)
    try:
        work = work_of(job.kind)
        result = work(Workshop(mine, workshop.policy_folder), actor, job.request, steps(mine, held))
    except NotHeld:
        with store.reading() as session:
            return _state(session, held.job), None
    except JobCancelled:
        return end(store, held, lambda session: records.cancelled(session, held.job)), None
    except Exception as error:  # noqa: BLE001 - recorded as the end of the job, and logged by the parent
        told = failure_of(error)
        state = end(store, held, lambda session: records.fail(session, held.job, told))
        return state, error if told["code"] == "internal" else None
    return end(store, held, lambda session: records.finish(session, held.job, result)), None


def steps(store: Store, held: Claim) -> Progress:
    """Return what a job's work tells its steps to. It raises JobCancelled, or NotHeld, to stop the work."""
    told, last = 0, 0.0

    def step(what: str, done: int, total: int) -> None:
        nonlocal told, last
        now = time.monotonic()
        if told >= FREELY and now - last < PACE:
            return
        told, last = told + 1, now
        store.run(lambda session: records.progress(session, held.job, what, done, total))

    return step
