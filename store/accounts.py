"""Accounts, and the role each has in a workspace."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from store import workspaces
from store.errors import AlreadyExists, BadName, NotFound
from store.models import ROLES, AccountRow, MembershipRow
from store.types import utc_now

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 1024
# scrypt as OWASP recommends it: 2^17 rounds of 8 blocks take 128 MiB.
_N, _R, _P = 2**17, 8, 1
_NAME = re.compile(r"[\w][\w.@+-]{0,99}")


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in. A `superuser` makes workspaces and accounts."""

    id: int
    name: str
    display: str
    superuser: bool
    active: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """An account's role in a workspace."""

    workspace: str
    account: int
    name: str
    role: str


def create(
    session: Session,
    name: str,
    *,
    display: str = "",
    password: str = "",
    superuser: bool = False,
    at: datetime | None = None,
) -> Account:
    """Make an account; without a password it signs in by link or token only.

    Raises BadName or AlreadyExists.
    """
    if not _NAME.fullmatch(name):
        raise BadName(f'"{name[:80]}" is not an account name. Use letters, digits and . @ + - _.')
    row = AccountRow(
        name=name.casefold(),
        display=display or name,
        password=hashed(password) if password else "",
        superuser=superuser,
        active=True,
        created=at or utc_now(),
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise AlreadyExists("account", name) from error
    return value(row)


def get(session: Session, key: int) -> Account:
    """Return an account; raise NotFound."""
    row = session.get(AccountRow, key, populate_existing=True) if 0 < key < 2**63 else None
    if row is None:
        raise NotFound("account", str(key))
    return value(row)


def named(session: Session, name: str) -> Account:
    """Return the account of a name, upper and lower case alike; raise NotFound."""
    row = session.scalar(select(AccountRow).where(AccountRow.name == name.casefold()))
    if row is None:
        raise NotFound("account", name)
    return value(row)


def every(session: Session) -> tuple[Account, ...]:
    """Return all accounts, by name."""
    return tuple(value(row) for row in session.scalars(select(AccountRow).order_by(AccountRow.name)))


def change(
    session: Session,
    key: int,
    *,
    display: str | None = None,
    superuser: bool | None = None,
    active: bool | None = None,
    password: str | None = None,
) -> Account:
    """Change what is given; an empty password takes it away. Raises NotFound, BadName."""
    values: dict[str, object] = {"display": display, "superuser": superuser, "active": active}
    if password is not None:
        values["password"] = hashed(password) if password else ""
    given = {name: one for name, one in values.items() if one is not None}
    if given:
        session.execute(update(AccountRow).where(AccountRow.id == key).values(given))
    return get(session, key)


def check_password(session: Session, name: str, password: str) -> Account | None:
    """Return the active account whose password this is, or None; it takes as long where there is none."""
    row = session.scalar(select(AccountRow).where(AccountRow.name == name.casefold()))
    stored = row.password if row is not None and row.password else _NOBODY
    right = _matches(password, stored)
    return value(row) if row is not None and row.active and row.password and right else None


def hashed(password: str) -> str:
    """Return a salted scrypt hash; raise BadName for a password too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadName(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${_scrypt(password, salt, _N, _R, _P).hex()}"


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=2**28, dklen=32)


_NOBODY = f"scrypt${_N}${_R}${_P}${bytes(16).hex()}${bytes(32).hex()}"


def _matches(password: str, stored: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    _, n, r, p, salt, wanted = stored.split("$")
    made = _scrypt(password, bytes.fromhex(salt), int(n), int(r), int(p))
    return hmac.compare_digest(made, bytes.fromhex(wanted))


def set_role(session: Session, workspace: str, account: int, role: str) -> Member:
    """Give an account a role in a workspace, in place of the one it had; raise NotFound, BadName."""
    if role not in ROLES:
        raise BadName(f'"{role[:40]}" is not a role. Use one of: {", ".join(ROLES)}.')
    workspaces.get(session, workspace)
    found = get(session, account)
    session.merge(MembershipRow(workspace=workspace, account=account, role=role))
    session.flush()
    return Member(workspace, account, found.name, role)


def remove_role(session: Session, workspace: str, account: int) -> None:
    """Take an account out of a workspace; nothing happens where it was not in it."""
    session.execute(
        delete(MembershipRow).where(MembershipRow.workspace == workspace, MembershipRow.account == account)
    )


def role_in(session: Session, workspace: str, account: int) -> str | None:
    """Return an account's role in a workspace, None where it has none."""
    query = select(MembershipRow.role)
    return session.scalar(query.where(MembershipRow.workspace == workspace, MembershipRow.account == account))


def roles_of(session: Session, account: int) -> dict[str, str]:
    """Return the roles of an account, by workspace."""
    query = select(MembershipRow.workspace, MembershipRow.role).where(MembershipRow.account == account)
    return dict(session.execute(query.order_by(MembershipRow.workspace)).all())


def members(session: Session, workspace: str) -> tuple[Member, ...]:
    """Return who has a role in a workspace, by name."""
    query = select(MembershipRow, AccountRow.name).join(AccountRow, AccountRow.id == MembershipRow.account)
    rows = session.execute(query.where(MembershipRow.workspace == workspace).order_by(AccountRow.name))
    return tuple(Member(row.workspace, row.account, name, row.role) for row, name in rows)


def value(row: AccountRow) -> Account:
    """Return a row as a value, without its password hash."""
    return Account(row.id, row.name, row.display, row.superuser, row.active, row.created)
