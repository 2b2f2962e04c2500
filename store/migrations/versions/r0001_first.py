"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0001_first"
down_revision = None

TIME = sa.DateTime(timezone=True)
SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables, those first that others point to."""
    _account()
    _audit()
    _content()
    _workspace()
    _api_token()
    _comparison()
    _idempotency_key()
    _job()
    _membership()
    _report()
    _review()
    _sign_in_link()
    _upload()
    _web_session()
    _workspace_change()
    _workspace_file()
    _comparison_input()
    _workspace_change_file()


def downgrade() -> None:
    """Drop all tables, in the other order."""
    for table in reversed(TABLES):
        op.drop_table(table)


TABLES = (
    "account",
    "audit",
    "content",
    "workspace",
    "api_token",
    "comparison",
    "idempotency_key",
    "job",
    "membership",
    "report",
    "review",
    "sign_in_link",
    "upload",
    "web_session",
    "workspace_change",
    "workspace_file",
    "comparison_input",
    "workspace_change_file",
)


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", SEQ, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("display", sa.String(length=200), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=False),
        sa.Column("superuser", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("name", name="uq_account_name"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", SEQ, autoincrement=True, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_index("ix_audit_workspace_seq", "audit", ["workspace", "seq"], unique=False)


def _content() -> None:
    op.create_table(
        "content",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("packed", sa.Boolean(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("touched", TIME, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_content"),
    )
    op.create_index("ix_content_touched", "content", ["touched"], unique=False)


def _workspace() -> None:
    op.create_table(
        "workspace",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("stamp", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("changed", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_workspace"),
        sa.UniqueConstraint("stamp", name="uq_workspace_stamp"),
    )


def _api_token() -> None:
    op.create_table(
        "api_token",
        sa.Column("seq", SEQ, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("account", SEQ, nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("used", TIME, nullable=True),
        sa.Column("revoked", TIME, nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_api_token_account", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspace.key"], name="fk_api_token_workspace", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_api_token"),
        sa.UniqueConstraint("hash", name="uq_api_token_hash"),
        sa.UniqueConstraint("id", name="uq_api_token_id"),
    )
    op.create_index("ix_api_token_account", "api_token", ["account"], unique=False)
    op.create_index("ix_api_token_workspace", "api_token", ["workspace"], unique=False)


def _comparison() -> None:
    op.create_table(
        "comparison",
        sa.Column("seq", SEQ, autoincrement=True, nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("baseline", sa.String(length=200), nullable=False),
        sa.Column("foreign", sa.String(length=200), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("overall", sa.String(length=40), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("identity", sa.JSON(), nullable=False),
        sa.Column("result", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.String(length=64), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["result"], ["content.sha256"], name="fk_comparison_result"),
        sa.ForeignKeyConstraint(["shown"], ["content.sha256"], name="fk_comparison_shown"),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspace.key"], name="fk_comparison_workspace", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_comparison"),
        sa.UniqueConstraint("workspace", "id", name="uq_comparison_workspace_id"),
    )
    op.create_index("ix_comparison_result", "comparison", ["result"], unique=False)
    op.create_index("ix_comparison_shown", "comparison", ["shown"], unique=False)


def _idempotency_key() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.String(length=64), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["body"], ["content.sha256"], name="fk_idempotency_key_body"),
        sa.PrimaryKeyConstraint("scope", "key", name="pk_idempotency_key"),
    )
    op.create_index("ix_idempotency_key_at", "idempotency_key", ["at"], unique=False)
    op.create_index("ix_idempotency_key_body", "idempotency_key", ["body"], unique=False)


def _job() -> None:
    op.create_table(
        "job",
        sa.Column("seq", SEQ, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("step", sa.String(length=200), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("executor", sa.String(length=200), nullable=False),
        sa.Column("cancelling", sa.Boolean(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("started", TIME, nullable=True),
        sa.Column("heartbeat", TIME, nullable=True),
        sa.Column("finished", TIME, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="ck_job_state"
        ),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspace.key"], name="fk_job_workspace", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_job"),
        sa.UniqueConstraint("id", name="uq_job_id"),
    )
    op.create_index("ix_job_state_heartbeat", "job", ["state", "heartbeat"], unique=False)
    op.create_index("ix_job_workspace_seq", "job", ["workspace", "seq"], unique=False)


def _membership() -> None:
    op.create_table(
        "membership",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("account", SEQ, nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "role IN ('viewer', 'analyst', 'reviewer', 'negotiator', 'admin')", name="ck_membership_role"
        ),
        sa.ForeignKeyConstraint(
            ["account"], ["account.id"], name="fk_membership_account", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspace.key"], name="fk_membership_workspace", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace", "account", name="pk_membership"),
    )
    op.create_index("ix_membership_account", "membership", ["account"], unique=False)


def _report() -> None:
    op.create_table(
        "report",
        sa.Column("seq", SEQ, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["content.sha256"], name="fk_report_sha256"),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspace.key"], name="fk_report_workspace", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_report"),
        sa.UniqueConstraint("id", name="uq_report_id"),
    )
    op.create_index("ix_report_sha256", "report", ["sha256"], unique=False)
    op.create_index("ix_report_subject", "report", ["subject"], unique=False)
    op.create_index("ix_report_workspace", "report", ["workspace"], unique=False)


def _review() -> None:
    op.create_table(
        "review",
        sa.Column("seq", SEQ, autoincrement=True, nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("edition", sa.String(length=200), nullable=False),
        sa.Column("obligation", sa.String(length=200), nullable=False),
        sa.Column("control", sa.String(length=200), nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspace.key"], name="fk_review_workspace", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_review"),
    )
    op.create_index("ix_review_file", "review", ["workspace", "path", "seq"], unique=False)
    op.create_index(
        "ix_review_map", "review", ["workspace", "edition", "obligation", "control"], unique=False
    )


def _sign_in_link() -> None:
    op.create_table(
        "sign_in_link",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("account", SEQ, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("used", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["account"], ["account.id"], name="fk_sign_in_link_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hash", name="pk_sign_in_link"),
    )
    op.create_index("ix_sign_in_link_account", "sign_in_link", ["account"], unique=False)
    op.create_index("ix_sign_in_link_expires", "sign_in_link", ["expires"], unique=False)


def _upload() -> None:
    op.create_table(
        "upload",
        sa.Column("seq", SEQ, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["content.sha256"], name="fk_upload_sha256"),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspace.key"], name="fk_upload_workspace", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_upload"),
        sa.UniqueConstraint("id", name="uq_upload_id"),
    )
    op.create_index("ix_upload_sha256", "upload", ["sha256"], unique=False)
    op.create_index("ix_upload_workspace", "upload", ["workspace"], unique=False)


def _web_session() -> None:
    op.create_table(
        "web_session",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("account", SEQ, nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("seen", TIME, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["account.id"], name="fk_web_session_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hash", name="pk_web_session"),
    )
    op.create_index("ix_web_session_account", "web_session", ["account"], unique=False)
    op.create_index("ix_web_session_expires", "web_session", ["expires"], unique=False)


def _workspace_change() -> None:
    op.create_table(
        "workspace_change",
        sa.Column("seq", SEQ, autoincrement=True, nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspace.key"], name="fk_workspace_change_workspace", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_workspace_change"),
        sa.UniqueConstraint("workspace", "number", name="uq_workspace_change_workspace_number"),
    )


def _workspace_file() -> None:
    op.create_table(
        "workspace_file",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["content.sha256"], name="fk_workspace_file_sha256"),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspace.key"], name="fk_workspace_file_workspace", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace", "path", name="pk_workspace_file"),
    )
    op.create_index("ix_workspace_file_sha256", "workspace_file", ["sha256"], unique=False)


def _comparison_input() -> None:
    op.create_table(
        "comparison_input",
        sa.Column("comparison", SEQ, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["comparison"], ["comparison.seq"], name="fk_comparison_input_comparison", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["sha256"], ["content.sha256"], name="fk_comparison_input_sha256"),
        sa.PrimaryKeyConstraint("comparison", "name", name="pk_comparison_input"),
    )
    op.create_index("ix_comparison_input_sha256", "comparison_input", ["sha256"], unique=False)


def _workspace_change_file() -> None:
    op.create_table(
        "workspace_change_file",
        sa.Column("change", SEQ, nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=True),
        sa.Column("after", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["after"], ["content.sha256"], name="fk_workspace_change_file_after"),
        sa.ForeignKeyConstraint(["before"], ["content.sha256"], name="fk_workspace_change_file_before"),
        sa.ForeignKeyConstraint(
            ["change"], ["workspace_change.seq"], name="fk_workspace_change_file_change", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("change", "path", name="pk_workspace_change_file"),
    )
    op.create_index("ix_workspace_change_file_after", "workspace_change_file", ["after"], unique=False)
    op.create_index("ix_workspace_change_file_before", "workspace_change_file", ["before"], unique=False)
