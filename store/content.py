"""Bytes under their SHA-256: each distinct content is kept once, packed where that saves room."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from store.errors import NotFound
from store.models import ContentRow
from store.types import utc_now

# Unused content is collected only when nobody has put it for a day; so what was put within the hour
# need not be touched again, which spares writers each other's locks.
FRESH = timedelta(hours=1)
LEVEL = 3  # a comparison of 1 MB takes 11 ms to a 7th of its size; level 6 takes 28 ms to a 10th
_CHUNK = 400  # values in one IN list; SQLite takes at least 999


def address(data: bytes) -> str:
    """Return the address of bytes: their SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def put(session: Session, data: bytes, at: datetime | None = None) -> str:
    """Keep bytes, unless they are kept already; return their address."""
    return put_all(session, [data], at)[0]


def put_all(session: Session, parts: Iterable[bytes], at: datetime | None = None) -> list[str]:
    """Keep several contents; return their addresses in the same order."""
    moment = at or utc_now()
    addressed = [(address(data), data) for data in parts]
    wanted = dict(addressed)
    present = set(_fresh(session, wanted, moment))
    # In order of address, so that two writers never wait for each other crosswise.
    for sha in sorted(set(wanted) - present):
        _insert(session, sha, wanted[sha], moment)
    return [sha for sha, _ in addressed]


def _fresh(session: Session, wanted: Iterable[str], moment: datetime) -> Iterable[str]:
    for chunk in _chunks(sorted(wanted)):
        yield from session.scalars(
            select(ContentRow.sha256).where(ContentRow.sha256.in_(chunk), ContentRow.touched > moment - FRESH)
        )


def _chunks(values: list[str]) -> Iterable[list[str]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _insert(session: Session, sha: str, data: bytes, moment: datetime) -> None:
    packed = zlib.compress(data, LEVEL)
    smaller = len(packed) < len(data)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(ContentRow).values(
        sha256=sha, size=len(data), packed=smaller, data=packed if smaller else data, touched=moment
    )
    session.execute(
        statement.on_conflict_do_update(index_elements=[ContentRow.sha256], set_={"touched": moment})
    )


def get(session: Session, sha: str) -> bytes:
    """Return the bytes of an address; raise NotFound."""
    found = get_all(session, [sha])
    if sha not in found:
        raise NotFound("content", sha)
    return found[sha]


def get_all(session: Session, addresses: Iterable[str]) -> Mapping[str, bytes]:
    """Return the bytes of those addresses that are kept."""
    found: dict[str, bytes] = {}
    for chunk in _chunks(sorted(set(addresses))):
        rows = session.execute(
            select(ContentRow.sha256, ContentRow.packed, ContentRow.data).where(ContentRow.sha256.in_(chunk))
        )
        for sha, packed, data in rows:
            found[sha] = zlib.decompress(data) if packed else data
    return found
