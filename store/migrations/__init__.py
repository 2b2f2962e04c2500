"""The database's tables from one revision to the next, up and down, on SQLite and PostgreSQL.

Alembic runs from here, without its command line and without a configuration file. A step is one
transaction, so that a database is never left between two revisions; who comes second waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from store.database import open_engine
from store.errors import SchemaBehind

_HERE = Path(__file__).parent
_LOCK = 7_216_023_519_044_871  # any number of our own: PostgreSQL's advisory lock for migrations


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration did: the revision before and after (None: no tables), and the steps between."""

    before: str | None
    after: str | None
    steps: tuple[str, ...]


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", _HERE.as_posix())
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def revisions() -> tuple[str, ...]:
    """Return all revisions, the first one first."""
    scripts = ScriptDirectory.from_config(_config())
    return tuple(script.revision for script in scripts.walk_revisions())[::-1]


def newest() -> str:
    """Return the revision that this program needs."""
    return revisions()[-1]


def current(url: str) -> str | None:
    """Return the revision a database is at, None where it has no tables yet."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            return _revision(connection)
    finally:
        engine.dispose()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def check(url: str) -> None:
    """Raise SchemaBehind where a database is not at the revision that this program needs."""
    found = current(url)
    if found != newest():
        raise SchemaBehind(found, newest())


def upgrade(url: str, revision: str = "head") -> Migrated:
    """Bring a database to a revision (default: the newest); harmless where it is there already."""
    return _migrate(url, revision, up=True)


def downgrade(url: str, revision: str = "base") -> Migrated:
    """Take a database back to a revision (default: no tables, and no data)."""
    return _migrate(url, revision, up=False)


def _migrate(url: str, revision: str, *, up: bool) -> Migrated:
    with _alone(url) as connection:
        before = _revision(connection)
        (command.upgrade if up else command.downgrade)(_config(connection), revision)
        after = _revision(connection)
    known = (None, *revisions())
    low, high = sorted((known.index(before), known.index(after)))
    steps = tuple(step for step in known[low + 1 : high + 1] if step)
    return Migrated(before, after, steps if up else steps[::-1])


@contextmanager
def _alone(url: str) -> Iterator[Connection]:
    """Give a connection in a transaction that keeps every other migration waiting."""
    engine = open_engine(url)
    try:
        with engine.connect().execution_options(mra_writing=True) as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection
    finally:
        engine.dispose()
