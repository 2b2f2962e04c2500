"""The tables. Only this package knows them: its functions give and take frozen values.

Bytes stand once, in `content`, under their SHA-256; other tables point there. Every row that belongs
to a workspace names it, and goes with it; only `audit` outlives what it tells of.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from store.types import Key, Moment, Name, Plain, PlainJson, Seq, Sha, UtcTime

ROLES = ("viewer", "analyst", "reviewer", "negotiator", "admin")
JOB_STATES = ("queued", "running", "done", "failed", "cancelled")


class Base(DeclarativeBase):
    """The base of all tables; constraints are named alike on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _in_workspace(*, key: bool = False, index: bool = False) -> Any:
    return mapped_column(
        String(64), ForeignKey("workspace.key", ondelete="CASCADE"), primary_key=key, index=index
    )


def _of_content() -> Any:
    return mapped_column(String(64), ForeignKey("content.sha256"), index=True)


class ContentRow(Base):
    """Bytes under their SHA-256, `packed` with zlib where that is smaller.

    `touched` is when they were last put: nothing fresh is collected as unused.
    """

    __tablename__ = "content"

    sha256: Mapped[Sha] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    packed: Mapped[bool] = mapped_column(Boolean)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    touched: Mapped[Moment] = mapped_column(index=True)


class WorkspaceRow(Base):
    """A workspace; `version` counts its changes, `stamp` is drawn anew with each of them."""

    __tablename__ = "workspace"

    key: Mapped[Key] = mapped_column(primary_key=True)
    stamp: Mapped[str] = mapped_column(String(32), unique=True)
    title: Mapped[Name]
    version: Mapped[int] = mapped_column(Integer)
    created: Mapped[Moment]
    changed: Mapped[Moment]


class WorkspaceFileRow(Base):
    """A file of a workspace; reviews are in `review` and appear as files when read."""

    __tablename__ = "workspace_file"

    workspace: Mapped[str] = _in_workspace(key=True)
    path: Mapped[str] = mapped_column(String(255), primary_key=True)
    sha256: Mapped[str] = _of_content()
    size: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)


class ChangeRow(Base):
    """One change of a workspace, in the order it was made; never edited. `undoes` names another."""

    __tablename__ = "workspace_change"
    __table_args__ = (UniqueConstraint("workspace", "number"),)

    seq: Mapped[Seq]
    workspace: Mapped[str] = _in_workspace()
    number: Mapped[int] = mapped_column(Integer)
    what: Mapped[str] = mapped_column(Text)
    who: Mapped[Name]
    at: Mapped[Moment]
    undoes: Mapped[int | None] = mapped_column(Integer)


class ChangeFileRow(Base):
    """What a change did to one file: its content before and after (None: no file)."""

    __tablename__ = "workspace_change_file"

    change: Mapped[int] = mapped_column(
        ForeignKey("workspace_change.seq", ondelete="CASCADE"), primary_key=True
    )
    path: Mapped[str] = mapped_column(String(255), primary_key=True)
    before: Mapped[str | None] = _of_content()
    after: Mapped[str | None] = _of_content()


class ReviewRow(Base):
    """One decision on one map: the record itself, append-only (docs/decisions/0040).

    `path` is the review file it stands in when the workspace is read as files. A decision taken back
    by an undo stays, marked with the number of the change that took it back.
    """

    __tablename__ = "review"
    __table_args__ = (
        Index("ix_review_map", "workspace", "edition", "obligation", "control"),
        Index("ix_review_file", "workspace", "path", "seq"),
    )

    seq: Mapped[Seq]
    workspace: Mapped[str] = _in_workspace()
    change: Mapped[int] = mapped_column(Integer)
    path: Mapped[str] = mapped_column(String(255))
    edition: Mapped[Name]
    obligation: Mapped[Name]
    control: Mapped[Name]
    decision: Mapped[str] = mapped_column(String(20))
    by: Mapped[Name]
    at: Mapped[str] = mapped_column(String(40))
    body: Mapped[Plain]
    withdrawn: Mapped[int | None] = mapped_column(Integer)


class AccountRow(Base):
    """A person (or a dashboard) that may sign in. `password` is a salted scrypt hash, or empty."""

    __tablename__ = "account"

    id: Mapped[Seq]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    display: Mapped[Name]
    password: Mapped[str] = mapped_column(String(255))
    superuser: Mapped[bool] = mapped_column(Boolean)
    active: Mapped[bool] = mapped_column(Boolean)
    created: Mapped[Moment]


class MembershipRow(Base):
    """Which role an account has in a workspace."""

    __tablename__ = "membership"
    __table_args__ = (CheckConstraint(f"role IN {ROLES}", name="role"),)

    workspace: Mapped[str] = _in_workspace(key=True)
    account: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(String(20))


class SessionRow(Base):
    """A signed-in browser; the secret in its cookie is kept as a hash only."""

    __tablename__ = "web_session"

    hash: Mapped[Sha] = mapped_column(primary_key=True)
    account: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created: Mapped[Moment]
    seen: Mapped[Moment]
    expires: Mapped[Moment] = mapped_column(index=True)


class TokenRow(Base):
    """An API token: hashed, scoped, expiring, for one workspace or for all of its account's."""

    __tablename__ = "api_token"

    seq: Mapped[Seq]
    id: Mapped[str] = mapped_column(String(32), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    account: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    workspace: Mapped[str | None] = _in_workspace(index=True)
    name: Mapped[Name]
    scopes: Mapped[list[str]] = mapped_column(PlainJson)
    created: Mapped[Moment]
    expires: Mapped[Moment]
    used: Mapped[datetime | None] = mapped_column(UtcTime())
    revoked: Mapped[datetime | None] = mapped_column(UtcTime())


class LinkRow(Base):
    """A sign-in link that works once."""

    __tablename__ = "sign_in_link"

    hash: Mapped[Sha] = mapped_column(primary_key=True)
    account: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    expires: Mapped[Moment] = mapped_column(index=True)
    used: Mapped[datetime | None] = mapped_column(UtcTime())


class UploadRow(Base):
    """A file as it came: bytes, hash, who, when. `details` holds layout and outcome; `version` guards it."""

    __tablename__ = "upload"

    seq: Mapped[Seq]
    id: Mapped[str] = mapped_column(String(32), unique=True)
    workspace: Mapped[str] = _in_workspace(index=True)
    name: Mapped[Name]
    media_type: Mapped[Name]
    sha256: Mapped[str] = _of_content()
    size: Mapped[int] = mapped_column(BigInteger)
    who: Mapped[Name]
    at: Mapped[Moment]
    details: Mapped[Plain]
    version: Mapped[int] = mapped_column(Integer)


class ComparisonRow(Base):
    """A comparison: what was asked, what came out, and the hashes its id follows from."""

    __tablename__ = "comparison"
    __table_args__ = (UniqueConstraint("workspace", "id"),)

    seq: Mapped[Seq]
    workspace: Mapped[str] = _in_workspace()
    id: Mapped[Sha]
    baseline: Mapped[Name]
    foreign: Mapped[Name]
    as_of: Mapped[date] = mapped_column(Date)
    overall: Mapped[str | None] = mapped_column(String(40))
    summary: Mapped[Plain]
    request: Mapped[Plain]
    identity: Mapped[Plain]
    result: Mapped[str] = _of_content()
    shown: Mapped[str] = _of_content()
    who: Mapped[Name]
    at: Mapped[Moment]


class InputRow(Base):
    """One resolved input of a comparison (`foreign/edition`, `policy/verdict`), by content."""

    __tablename__ = "comparison_input"

    comparison: Mapped[int] = mapped_column(
        ForeignKey("comparison.seq", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    sha256: Mapped[str] = _of_content()


class ReportRow(Base):
    """A file that was made for somebody: a gap report, a matrix, a review workbook."""

    __tablename__ = "report"

    seq: Mapped[Seq]
    id: Mapped[str] = mapped_column(String(32), unique=True)
    workspace: Mapped[str] = _in_workspace(index=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[Name]
    media_type: Mapped[Name]
    sha256: Mapped[str] = _of_content()
    size: Mapped[int] = mapped_column(BigInteger)
    details: Mapped[Plain]
    who: Mapped[Name]
    at: Mapped[Moment]


class AuditRow(Base):
    """Who did what, when: names and numbers, never text of criteria. Never edited."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_workspace_seq", "workspace", "seq"),)

    seq: Mapped[Seq]
    at: Mapped[Moment] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(String(60))
    who: Mapped[Name]
    workspace: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    target: Mapped[Name]
    request_id: Mapped[str] = mapped_column(String(64))
    details: Mapped[Plain]


class JobRow(Base):
    """Long work as people see it: state, progress, outcome. `executor` is who runs it now."""

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint(f"state IN {JOB_STATES}", name="state"),
        Index("ix_job_workspace_seq", "workspace", "seq"),
        Index("ix_job_state_heartbeat", "state", "heartbeat"),
    )

    seq: Mapped[Seq]
    id: Mapped[str] = mapped_column(String(64), unique=True)
    workspace: Mapped[str] = _in_workspace()
    kind: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))
    request: Mapped[Plain]
    result: Mapped[dict[str, Any] | None] = mapped_column(PlainJson)
    error: Mapped[dict[str, Any] | None] = mapped_column(PlainJson)
    step: Mapped[Name]
    done: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    attempts: Mapped[int] = mapped_column(Integer)
    executor: Mapped[Name]
    cancelling: Mapped[bool] = mapped_column(Boolean)
    who: Mapped[Name]
    created: Mapped[Moment]
    started: Mapped[datetime | None] = mapped_column(UtcTime())
    heartbeat: Mapped[datetime | None] = mapped_column(UtcTime())
    finished: Mapped[datetime | None] = mapped_column(UtcTime())
    version: Mapped[int] = mapped_column(Integer)


class IdempotencyRow(Base):
    """A POST that was seen, and its answer once there is one. `scope` keeps callers apart."""

    __tablename__ = "idempotency_key"

    scope: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    fingerprint: Mapped[Sha]
    status: Mapped[int | None] = mapped_column(Integer)
    headers: Mapped[Plain]
    body: Mapped[str | None] = _of_content()
    at: Mapped[Moment] = mapped_column(index=True)
