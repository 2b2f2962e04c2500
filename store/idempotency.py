"""Idempotency keys: a POST that is sent twice is answered twice and done once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from store import content
from store.errors import KeyReused, NotFound, StillRunning
from store.models import IdempotencyRow
from store.types import utc_now


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer that was given to a request: status, headers, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def begin(
    session: Session, scope: str, key: str, fingerprint: str, at: datetime | None = None
) -> Answer | None:
    """Claim a key for a request, or return the answer it had before.

    None means: go on, this request is the first. `scope` tells callers and routes apart; `fingerprint`
    is a SHA-256 of the request. Raises KeyReused where the key came with another request, StillRunning
    where the first one has no answer yet. Commit the claim before doing the work.
    """
    row = IdempotencyRow(
        scope=scope, key=key, fingerprint=fingerprint, status=None, headers={}, body=None, at=at or utc_now()
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return _earlier(session, scope, key, fingerprint)
    return None


def _earlier(session: Session, scope: str, key: str, fingerprint: str) -> Answer:
    row = session.get(IdempotencyRow, (scope, key), populate_existing=True)
    if row is None:
        raise StillRunning("The first request with this key has only just been dropped. Send it again.")
    if row.fingerprint != fingerprint:
        raise KeyReused("This idempotency key came with another request before. Use a new one.")
    if row.status is None:
        raise StillRunning("The first request with this idempotency key is still being worked on.")
    body = content.get(session, row.body) if row.body else b""
    return Answer(row.status, row.headers, body)


def finish(session: Session, scope: str, key: str, answer: Answer, at: datetime | None = None) -> None:
    """Keep the answer to a request whose key was claimed; raise NotFound where it was not."""
    values = {
        "status": answer.status,
        "headers": dict(answer.headers),
        "body": content.put(session, answer.body, at) if answer.body else None,
    }
    where = (IdempotencyRow.scope == scope, IdempotencyRow.key == key)
    found = session.scalar(
        update(IdempotencyRow)
        .where(*where)
        .values(values)
        .returning(IdempotencyRow.key)
        .execution_options(synchronize_session=False)
    )
    if found is None:
        raise NotFound("idempotency key", key)


def release(session: Session, scope: str, key: str) -> None:
    """Give a claimed key back: the request failed before anything was done, so it may be sent again."""
    session.execute(
        delete(IdempotencyRow)
        .where(IdempotencyRow.scope == scope, IdempotencyRow.key == key, IdempotencyRow.status.is_(None))
        .execution_options(synchronize_session=False)
    )
