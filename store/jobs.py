"""Long work as people see it: queued, running with progress, done, failed or cancelled.

The job engine runs the work; this record is what the service shows. Every step from one state to
another is one guarded statement, so that a job ends once, whoever reports it and however often.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from store.errors import AlreadyExists, NotFound, StoreError
from store.models import JobRow
from store.paging import Page, page
from store.types import utc_now

OPEN = ("queued", "running")
ENDED = ("done", "failed", "cancelled")


class WrongState(StoreError):
    """A job that is not in a state in which this can be done."""


class NotHeld(StoreError):
    """A job that its executor no longer has: it ended, or another executor took it over."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job. `done` of `total` units of `step`; `error` is plain data with a code and a message.

    `cancelling` says that somebody asked it to stop; `heartbeat` is when its executor last spoke;
    `version` rises with every visible change and is its ETag.
    """

    id: str
    workspace: str
    kind: str
    state: str
    request: Mapping[str, Any]
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    step: str
    done: int
    total: int
    attempts: int
    executor: str
    cancelling: bool
    who: str
    created: datetime
    started: datetime | None
    heartbeat: datetime | None
    finished: datetime | None
    version: int


def create(
    session: Session,
    workspace: str,
    kind: str,
    request: Mapping[str, Any],
    who: str,
    *,
    key: str = "",
    at: datetime | None = None,
) -> Job:
    """Record a job as queued. `key` is an id given by the caller; raise AlreadyExists where it is taken."""
    row = JobRow(
        id=key or uuid.uuid4().hex, workspace=workspace, kind=kind, state="queued", request=dict(request),
        result=None, error=None, step="", done=0, total=0, attempts=0, executor="", cancelling=False,
        who=who[:200], created=at or utc_now(), started=None, heartbeat=None, finished=None, version=1,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        if not key:
            raise
        raise AlreadyExists("job", key) from error
    return _value(row)


def get(session: Session, key: str, workspace: str | None = None) -> Job:
    """Return a job; raise NotFound, also where `workspace` is another's."""
    query = select(JobRow).where(JobRow.id == key).execution_options(populate_existing=True)
    row = session.scalar(query)
    if row is None or (workspace is not None and row.workspace != workspace):
        raise NotFound("job", key)
    return _value(row)


def listing(
    session: Session, workspace: str, *, state: str = "", kind: str = "", after: str = "", limit: int = 50
) -> Page[Job]:
    """Return the jobs of a workspace, the newest first."""
    query = select(JobRow).where(JobRow.workspace == workspace)
    if state:
        query = query.where(JobRow.state == state)
    if kind:
        query = query.where(JobRow.kind == kind)
    return page(session, query, JobRow.seq, _value, after, limit)


def start(session: Session, key: str, executor: str, at: datetime | None = None) -> Job:
    """Mark a job as running with this executor (a restart counts as one more attempt).

    Raises WrongState where it has ended.
    """
    moment = at or utc_now()
    job = _move(
        session, key, OPEN, state="running", executor=executor, attempts=JobRow.attempts + 1,
        started=moment, heartbeat=moment, finished=None, error=None,
    )  # fmt: skip
    if job.state != "running" or job.executor != executor:
        raise WrongState(f"The job {key} is {job.state} and cannot be started.")
    return job


def progress(session: Session, key: str, step: str, done: int, total: int, at: datetime | None = None) -> Job:
    """Record how far a running job is; the job returned says whether to stop (`cancelling`, or ended)."""
    return _move(
        session, key, ("running",), step=step[:200], done=done, total=total, heartbeat=at or utc_now()
    )


def hold(session: Session, key: str, executor: str, attempt: int, at: datetime | None = None) -> Job:
    """Say that a job's executor is alive, and keep all others from the job until the transaction ends.

    Nothing that people see changes. Raises NotHeld where the job has ended or is another attempt's, so
    that what an executor writes in this transaction is written only while the job is its own.
    """
    mine = (JobRow.state == "running", JobRow.executor == executor, JobRow.attempts == attempt)
    found = session.scalar(
        update(JobRow)
        .where(JobRow.id == key, *mine)
        .values(heartbeat=at or utc_now())
        .returning(JobRow.id)
        .execution_options(synchronize_session=False)
    )
    if found is None:
        raise NotHeld(f"The job {key} has ended, or another executor has it.")
    return get(session, key)


def finish(session: Session, key: str, result: Mapping[str, Any], at: datetime | None = None) -> Job:
    """Record the outcome of a job that is open; one that has ended stays as it is."""
    moment = at or utc_now()
    return _move(session, key, OPEN, state="done", result=dict(result), finished=moment, heartbeat=moment)


def fail(session: Session, key: str, error: Mapping[str, Any], at: datetime | None = None) -> Job:
    """Record why a job failed; one that has ended stays as it is."""
    moment = at or utc_now()
    return _move(session, key, OPEN, state="failed", error=dict(error), finished=moment, heartbeat=moment)


def cancel(session: Session, key: str, workspace: str | None = None, at: datetime | None = None) -> Job:
    """Cancel a queued job at once, ask a running one to stop; one that has ended stays as it is."""
    get(session, key, workspace)
    moment = at or utc_now()
    _move(session, key, ("queued",), state="cancelled", finished=moment)
    return _move(session, key, ("running",), cancelling=True)


def cancelled(session: Session, key: str, at: datetime | None = None) -> Job:
    """Record that a job stopped as it was asked to; one that has ended stays as it is."""
    return _move(session, key, OPEN, state="cancelled", finished=at or utc_now())


def requeue(session: Session, key: str, workspace: str | None = None) -> Job:
    """Queue again a job that failed, was cancelled or got stuck; raise WrongState for one that is done."""
    if get(session, key, workspace).state == "done":
        raise WrongState(f"The job {key} is done; start a new one.")
    return _move(
        session, key, ("queued", "running", "failed", "cancelled"), state="queued", cancelling=False,
        error=None, executor="", step="", done=0, total=0, finished=None, heartbeat=None,
    )  # fmt: skip


def stuck(session: Session, silent_since: datetime) -> tuple[Job, ...]:
    """Return the running jobs whose executor has not spoken since a moment, the oldest first."""
    query = select(JobRow).where(JobRow.state == "running", JobRow.heartbeat < silent_since)
    rows = session.scalars(query.order_by(JobRow.seq).execution_options(populate_existing=True))
    return tuple(_value(row) for row in rows)


def unfinished(session: Session) -> tuple[Job, ...]:
    """Return every queued or running job of all workspaces, the oldest first."""
    query = select(JobRow).where(JobRow.state.in_(OPEN)).order_by(JobRow.seq)
    return tuple(_value(row) for row in session.scalars(query.execution_options(populate_existing=True)))


def _move(session: Session, key: str, states: tuple[str, ...], **values: Any) -> Job:
    session.execute(
        update(JobRow)
        .where(JobRow.id == key, JobRow.state.in_(states))
        .values(version=JobRow.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    return get(session, key)


def _value(row: JobRow) -> Job:
    return Job(
        row.id, row.workspace, row.kind, row.state, row.request, row.result, row.error, row.step, row.done,
        row.total, row.attempts, row.executor, row.cancelling, row.who, row.created, row.started,
        row.heartbeat, row.finished, row.version,
    )  # fmt: skip
