"""Report files: gap reports, matrices, review workbooks, each as it was handed out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.orm import Session

from store import content
from store.errors import NotFound
from store.models import ReportRow
from store.paging import Page, page
from store.types import utc_now


@dataclass(frozen=True, slots=True)
class Report:
    """A file that was made: its kind (`gap_report`), and the comparison or edition it is about.

    `sha256` is that of the bytes, and serves as their ETag; `size` is in bytes.
    """

    id: str
    workspace: str
    kind: str
    subject: str
    name: str
    media_type: str
    sha256: str
    size: int
    details: Mapping[str, Any]
    who: str
    at: datetime


def add(
    session: Session,
    workspace: str,
    kind: str,
    name: str,
    data: bytes,
    who: str,
    *,
    media_type: str,
    subject: str = "",
    details: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Report:
    """Keep a report file."""
    row = ReportRow(
        id=uuid.uuid4().hex,
        workspace=workspace,
        kind=kind,
        subject=subject,
        name=name[:200],
        media_type=media_type,
        sha256=content.put(session, data, at),
        size=len(data),
        details=dict(details or {}),
        who=who[:200],
        at=at or utc_now(),
    )
    session.add(row)
    session.flush()
    return _value(row)


def get(session: Session, workspace: str, key: str) -> Report:
    """Return a report of a workspace; raise NotFound, also for one of another workspace."""
    return _value(_found(session, workspace, key))


def data_of(session: Session, workspace: str, key: str) -> bytes:
    """Return the bytes of a report; raise NotFound."""
    return content.get(session, _found(session, workspace, key).sha256)


def listing(
    session: Session, workspace: str, *, kind: str = "", subject: str = "", after: str = "", limit: int = 50
) -> Page[Report]:
    """Return the reports of a workspace, the newest first."""
    query = select(ReportRow).where(ReportRow.workspace == workspace)
    if kind:
        query = query.where(ReportRow.kind == kind)
    if subject:
        query = query.where(ReportRow.subject == subject)
    return page(session, query, ReportRow.seq, _value, after, limit)


def delete(session: Session, workspace: str, key: str) -> None:
    """Remove a report; raise NotFound."""
    row = _found(session, workspace, key)
    session.execute(sql_delete(ReportRow).where(ReportRow.seq == row.seq))
    session.expunge(row)


def _found(session: Session, workspace: str, key: str) -> ReportRow:
    query = select(ReportRow).where(ReportRow.workspace == workspace, ReportRow.id == key)
    row = session.scalar(query)
    if row is None:
        raise NotFound("report", key)
    return row


def _value(row: ReportRow) -> Report:
    return Report(
        row.id, row.workspace, row.kind, row.subject, row.name, row.media_type, row.sha256, row.size,
        row.details, row.who, row.at,
    )  # fmt: skip
