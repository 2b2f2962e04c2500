"""What is thrown away when it is no longer needed, and how long each thing is kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, not_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from store.jobs import ENDED
from store.models import (
    AuditRow,
    Base,
    ChangeFileRow,
    ComparisonRow,
    ContentRow,
    IdempotencyRow,
    InputRow,
    JobRow,
    LinkRow,
    ReportRow,
    SessionRow,
    TokenRow,
    UploadRow,
    WorkspaceFileRow,
)
from store.types import utc_now


@dataclass(frozen=True, slots=True)
class Keep:
    """How long things are kept after they ended or were made; None keeps them for good.

    What people made (workspaces, reviews, comparisons) is never swept.
    """

    idempotency: timedelta | None = timedelta(days=1)
    jobs: timedelta | None = timedelta(days=90)
    tokens: timedelta | None = timedelta(days=90)
    reports: timedelta | None = None
    uploads: timedelta | None = None
    audit: timedelta | None = None
    content: timedelta = timedelta(days=1)  # unused bytes, after they were last put


@dataclass(frozen=True, slots=True)
class Swept:
    """How many rows of each kind were thrown away."""

    sessions: int
    links: int
    idempotency: int
    jobs: int
    tokens: int
    reports: int
    uploads: int
    audit: int
    content: int

    def as_dict(self) -> dict[str, int]:
        """Return the counts as plain data."""
        return asdict(self)


# Every column that points to content: unused is what none of them names.
REFERENCES: tuple[InstrumentedAttribute[Any], ...] = (
    WorkspaceFileRow.sha256, ChangeFileRow.before, ChangeFileRow.after, UploadRow.sha256,
    ComparisonRow.result, ComparisonRow.shown, InputRow.sha256, ReportRow.sha256, IdempotencyRow.body,
)  # fmt: skip


def sweep(session: Session, keep: Keep | None = None, now: datetime | None = None) -> Swept:
    """Throw away what is over: sessions and links at their end, the rest after the time it is kept."""
    keep, moment = keep or Keep(), now or utc_now()

    def aged(model: type[Base], column: Any, after: timedelta | None, *more: ColumnElement[bool]) -> int:
        return 0 if after is None else _drop(session, model, column < moment - after, *more)

    return Swept(
        sessions=_drop(session, SessionRow, SessionRow.expires <= moment),
        links=_drop(session, LinkRow, LinkRow.expires <= moment),
        idempotency=aged(IdempotencyRow, IdempotencyRow.at, keep.idempotency),
        jobs=aged(JobRow, JobRow.finished, keep.jobs, JobRow.state.in_(ENDED)),
        tokens=0 if keep.tokens is None else _drop(session, TokenRow, _ended(moment - keep.tokens)),
        reports=aged(ReportRow, ReportRow.at, keep.reports),
        uploads=aged(UploadRow, UploadRow.at, keep.uploads),
        audit=aged(AuditRow, AuditRow.at, keep.audit),
        content=collect(session, moment - keep.content),
    )


def _ended(before: datetime) -> ColumnElement[bool]:
    return or_(TokenRow.expires < before, and_(TokenRow.revoked.is_not(None), TokenRow.revoked < before))


def collect(session: Session, untouched_since: datetime) -> int:
    """Throw away bytes that nothing names and nobody has put since a moment; return how many.

    The time lies well back (`content.FRESH`), so that bytes which another writer has put but not yet
    named are left alone.
    """
    unused = (not_(exists().where(column == ContentRow.sha256)) for column in REFERENCES)
    return _drop(session, ContentRow, ContentRow.touched < untouched_since, *unused)


def _drop(session: Session, model: type[Base], *where: ColumnElement[bool]) -> int:
    done = session.execute(delete(model).where(*where).execution_options(synchronize_session=False))
    count: int = done.rowcount  # type: ignore[attr-defined]
    return count
