"""Workspaces: each holds what a workspace folder holds, and counts its changes."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete as sql_delete
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from store.errors import AlreadyExists, BadName, NotFound, VersionConflict
from store.models import WorkspaceRow
from store.types import utc_now

_KEY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace. `version` rises with each change of its files or reviews.

    `stamp` is drawn anew with each change: no other state ever has it, not even one that was taken
    back before it was committed, or that of a later workspace with the same key.
    """

    key: str
    stamp: str
    title: str
    version: int
    created: datetime
    changed: datetime


def create(session: Session, key: str, title: str = "", at: datetime | None = None) -> Workspace:
    """Make an empty workspace; raise BadName or AlreadyExists."""
    if not _KEY.fullmatch(key):
        raise BadName(f'"{key[:80]}" is not a workspace key. Use up to 64 of a-z, 0-9 and "-".')
    moment = at or utc_now()
    row = WorkspaceRow(
        key=key, stamp=uuid.uuid4().hex, title=title or key, version=0, created=moment, changed=moment
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise AlreadyExists("workspace", key) from error
    return _value(row)


def get(session: Session, key: str) -> Workspace:
    """Return a workspace as it is now; raise NotFound."""
    row = session.get(WorkspaceRow, key, populate_existing=True)
    if row is None:
        raise NotFound("workspace", key)
    return _value(row)


def every(session: Session) -> tuple[Workspace, ...]:
    """Return all workspaces, by key."""
    return tuple(_value(row) for row in session.scalars(select(WorkspaceRow).order_by(WorkspaceRow.key)))


def rename(session: Session, key: str, title: str) -> Workspace:
    """Give a workspace another title; raise NotFound."""
    session.execute(update(WorkspaceRow).where(WorkspaceRow.key == key).values(title=title or key))
    return get(session, key)


def delete(session: Session, key: str) -> None:
    """Remove a workspace with all that belongs to it; raise NotFound. Audit entries stay."""
    get(session, key)
    session.execute(sql_delete(WorkspaceRow).where(WorkspaceRow.key == key))
    session.expunge_all()


def advance(session: Session, key: str, expected: int | None = None, at: datetime | None = None) -> int:
    """Count one more change and return the new version; whoever comes next waits for this transaction.

    Raises NotFound, and VersionConflict where `expected` is not the version before.
    """
    version = session.scalar(
        update(WorkspaceRow)
        .where(WorkspaceRow.key == key)
        .values(version=WorkspaceRow.version + 1, stamp=uuid.uuid4().hex, changed=at or utc_now())
        .returning(WorkspaceRow.version)
        .execution_options(synchronize_session=False)
    )
    if version is None:
        raise NotFound("workspace", key)
    if expected is not None and version != expected + 1:
        raise VersionConflict("workspace", key, expected, version - 1)
    return version


def _value(row: WorkspaceRow) -> Workspace:
    return Workspace(row.key, row.stamp, row.title, row.version, row.created, row.changed)
