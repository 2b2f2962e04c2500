"""Uploads: a file as it came, with its hash, who brought it and when."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from store import content
from store.errors import NotFound, VersionConflict
from store.models import UploadRow
from store.paging import Page, page
from store.types import utc_now


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came. `details` holds what was done with it since (plain data); `version` guards that.

    `size` is in bytes; `name` is the file's name as the sender gave it, without its folder.
    """

    id: str
    workspace: str
    name: str
    media_type: str
    sha256: str
    size: int
    who: str
    at: datetime
    details: Mapping[str, Any]
    version: int


def add(
    session: Session,
    workspace: str,
    name: str,
    data: bytes,
    who: str,
    *,
    media_type: str = "application/octet-stream",
    details: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Upload:
    """Keep a file; the same bytes twice are two uploads and one content. Limits of size are the caller's."""
    row = UploadRow(
        id=uuid.uuid4().hex,
        workspace=workspace,
        name=name.replace("\\", "/").rsplit("/", 1)[-1][:200],
        media_type=media_type[:200],
        sha256=content.put(session, data, at),
        size=len(data),
        who=who[:200],
        at=at or utc_now(),
        details=dict(details or {}),
        version=1,
    )
    session.add(row)
    session.flush()
    return _value(row)


def get(session: Session, workspace: str, key: str) -> Upload:
    """Return an upload of a workspace; raise NotFound, also for one of another workspace."""
    return _value(_found(session, workspace, key))


def data_of(session: Session, workspace: str, key: str) -> bytes:
    """Return the bytes of an upload; raise NotFound."""
    return content.get(session, _found(session, workspace, key).sha256)


def listing(session: Session, workspace: str, after: str = "", limit: int = 50) -> Page[Upload]:
    """Return the uploads of a workspace, the newest first."""
    query = select(UploadRow).where(UploadRow.workspace == workspace)
    return page(session, query, UploadRow.seq, _value, after, limit)


def annotate(
    session: Session, workspace: str, key: str, details: Mapping[str, Any], expected: int | None = None
) -> Upload:
    """Replace an upload's details; raise NotFound, or VersionConflict where `expected` has passed."""
    where = (UploadRow.workspace == workspace, UploadRow.id == key)
    guard = () if expected is None else (UploadRow.version == expected,)
    changed = session.scalar(
        update(UploadRow)
        .where(*where, *guard)
        .values(details=dict(details), version=UploadRow.version + 1)
        .returning(UploadRow.version)
        .execution_options(synchronize_session=False)
    )
    found = get(session, workspace, key)
    if changed is None:
        raise VersionConflict("upload", key, expected or 0, found.version)
    return found


def delete(session: Session, workspace: str, key: str) -> None:
    """Remove an upload; raise NotFound. Its bytes go when nothing else needs them (`retention`)."""
    row = _found(session, workspace, key)
    session.execute(sql_delete(UploadRow).where(UploadRow.seq == row.seq))
    session.expunge(row)


def _found(session: Session, workspace: str, key: str) -> UploadRow:
    query = select(UploadRow).where(UploadRow.workspace == workspace, UploadRow.id == key)
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("upload", key)
    return row


def _value(row: UploadRow) -> Upload:
    return Upload(
        row.id, row.workspace, row.name, row.media_type, row.sha256, row.size, row.who, row.at,
        row.details, row.version,
    )  # fmt: skip
