"""Secrets that open the door: sessions, API tokens, sign-in links. Only their hashes are kept.

Each secret is 32 random bytes, so that a plain SHA-256 is enough; it is returned once, when made.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from store.accounts import Account, value
from store.errors import BadName, NotFound
from store.models import AccountRow, LinkRow, SessionRow, TokenRow
from store.types import utc_now

PREFIX = "mra_"  # lets secret scanners and people see what a leaked token is
SEEN_EVERY = timedelta(minutes=1)  # how exactly the last use is noted


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a session belongs to, its CSRF token, and when it ends."""

    account: Account
    csrf: str
    created: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """An API token as it may be shown. `workspace` is None where it is good in all of its account's."""

    id: str
    account: int
    workspace: str | None
    name: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime
    used: datetime | None
    revoked: datetime | None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def open_session(
    session: Session, account: int, lasts: timedelta, at: datetime | None = None
) -> tuple[str, SignedIn]:
    """Sign an account in; return the secret for its cookie, and the session."""
    moment, secret = at or utc_now(), secrets.token_urlsafe(32)
    row = SessionRow(
        hash=_hash(secret), account=account, csrf=secrets.token_urlsafe(32), created=moment, seen=moment,
        expires=moment + lasts,
    )  # fmt: skip
    session.add(row)
    session.flush()
    found = session.get_one(AccountRow, account)
    return secret, SignedIn(value(found), row.csrf, row.created, row.expires)


def session_of(session: Session, secret: str, at: datetime | None = None) -> SignedIn | None:
    """Return the session of a secret, or None where it is unknown, over, or its account inactive."""
    query = select(SessionRow, AccountRow).join(AccountRow, AccountRow.id == SessionRow.account)
    found = session.execute(query.where(SessionRow.hash == _hash(secret))).one_or_none()
    if found is None or found[0].expires <= (at or utc_now()) or not found[1].active:
        return None
    return SignedIn(value(found[1]), found[0].csrf, found[0].created, found[0].expires)


def close_session(session: Session, secret: str) -> None:
    """Sign out; nothing happens where the session is gone already."""
    session.execute(delete(SessionRow).where(SessionRow.hash == _hash(secret)))


def close_sessions(session: Session, account: int) -> None:
    """Sign an account out everywhere."""
    session.execute(delete(SessionRow).where(SessionRow.account == account))


def issue(
    session: Session,
    account: int,
    name: str,
    scopes: Collection[str],
    lasts: timedelta,
    *,
    workspace: str | None = None,
    at: datetime | None = None,
) -> tuple[str, Token]:
    """Make an API token; return its secret, which is never shown again, and the token.

    Which scopes there are is the service's business. Raises BadName where the token has no end.
    """
    if lasts <= timedelta(0):
        raise BadName("A token needs a time to expire that lies ahead.")
    moment, secret = at or utc_now(), PREFIX + secrets.token_urlsafe(32)
    row = TokenRow(
        id=uuid.uuid4().hex, hash=_hash(secret), account=account, workspace=workspace, name=name[:200],
        scopes=sorted(set(scopes)), created=moment, expires=moment + lasts, used=None, revoked=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return secret, _token(row)


def token_of(session: Session, secret: str, at: datetime | None = None) -> tuple[Token, Account] | None:
    """Return the token of a secret and its account, or None where it opens nothing (any more)."""
    query = select(TokenRow, AccountRow).join(AccountRow, AccountRow.id == TokenRow.account)
    found = session.execute(query.where(TokenRow.hash == _hash(secret))).one_or_none()
    if found is None:
        return None
    token, account = found
    if token.revoked is not None or token.expires <= (at or utc_now()) or not account.active:
        return None
    return _token(token), value(account)


def used(session: Session, key: str, at: datetime | None = None) -> None:
    """Note that a token was used, at most once a minute; call it in a writing session of its own."""
    moment = at or utc_now()
    session.execute(
        update(TokenRow)
        .where(TokenRow.id == key, TokenRow.used.is_(None) | (TokenRow.used < moment - SEEN_EVERY))
        .values(used=moment)
        .execution_options(synchronize_session=False)
    )


def listing(
    session: Session, *, account: int | None = None, workspace: str | None = None
) -> tuple[Token, ...]:
    """Return the tokens of an account or for a workspace, also those that have ended, the newest first."""
    query = select(TokenRow).order_by(TokenRow.seq.desc())
    if account is not None:
        query = query.where(TokenRow.account == account)
    if workspace is not None:
        query = query.where(TokenRow.workspace == workspace)
    return tuple(_token(row) for row in session.scalars(query))


def revoke(session: Session, key: str, account: int | None = None, at: datetime | None = None) -> Token:
    """End a token (with `account`: only one of its own); raise NotFound."""
    row = session.scalar(select(TokenRow).where(TokenRow.id == key))
    if row is None or (account is not None and row.account != account):
        raise NotFound("token", key)
    row.revoked = row.revoked or at or utc_now()
    session.flush()
    return _token(row)


def make_link(session: Session, account: int, lasts: timedelta, at: datetime | None = None) -> str:
    """Return the secret of a link that signs an account in once."""
    secret = secrets.token_urlsafe(32)
    session.add(LinkRow(hash=_hash(secret), account=account, expires=(at or utc_now()) + lasts, used=None))
    session.flush()
    return secret


def use_link(session: Session, secret: str, at: datetime | None = None) -> Account | None:
    """Use up a link and return its account; None where it is unknown, used, or over."""
    moment = at or utc_now()
    account = session.scalar(
        update(LinkRow)
        .where(LinkRow.hash == _hash(secret), LinkRow.used.is_(None), LinkRow.expires > moment)
        .values(used=moment)
        .returning(LinkRow.account)
        .execution_options(synchronize_session=False)
    )
    row = session.get(AccountRow, account) if account is not None else None
    return value(row) if row is not None and row.active else None


def _token(row: TokenRow) -> Token:
    return Token(
        row.id, row.account, row.workspace, row.name, tuple(row.scopes), row.created, row.expires, row.used,
        row.revoked,
    )  # fmt: skip
