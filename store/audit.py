"""The audit trail: who did what, when. Names, keys and numbers only, never text of criteria."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.errors import BadName
from store.models import AuditRow
from store.paging import Page, page
from store.types import utc_now

LONGEST = 100  # characters of a value: enough for a key or a name, too short for a criterion

Detail = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `kind` and `target` say what it was done to; `seq` rises with every entry."""

    seq: int
    at: datetime
    event: str
    who: str
    workspace: str
    kind: str
    target: str
    request_id: str
    details: Mapping[str, Detail]


def record(
    session: Session,
    event: str,
    who: str,
    *,
    workspace: str = "",
    kind: str = "",
    target: str = "",
    request_id: str = "",
    details: Mapping[str, Detail] | None = None,
    at: datetime | None = None,
) -> None:
    """Add an event (`review.applied`) in the same transaction as what it tells of.

    Raises BadName where a detail is not a number or a short text: the trail holds no criteria.
    """
    for name, value in (details or {}).items():
        if not _is_detail(value):
            raise BadName(
                f'The audit detail "{name}" is not a number or a text of up to {LONGEST} characters.'
            )
    session.add(
        AuditRow(
            at=at or utc_now(),
            event=event,
            who=who[:200],
            workspace=workspace,
            kind=kind,
            target=target[:200],
            request_id=request_id[:64],
            details=dict(details or {}),
        )
    )
    session.flush()


def _is_detail(value: object) -> bool:
    return len(value) <= LONGEST if isinstance(value, str) else isinstance(value, int | None)


def listing(
    session: Session,
    workspace: str | None = None,
    *,
    event: str = "",
    who: str = "",
    target: str = "",
    after: str = "",
    limit: int = 50,
) -> Page[Entry]:
    """Return events newest first: of one workspace, or with None of all and of none."""
    query = select(AuditRow)
    if workspace is not None:
        query = query.where(AuditRow.workspace == workspace)
    for column, wanted in ((AuditRow.event, event), (AuditRow.who, who), (AuditRow.target, target)):
        if wanted:
            query = query.where(column == wanted)
    return page(session, query, AuditRow.seq, _entry, after, limit)


def _entry(row: AuditRow) -> Entry:
    return Entry(
        row.seq, row.at, row.event, row.who, row.workspace, row.kind, row.target, row.request_id, row.details
    )
