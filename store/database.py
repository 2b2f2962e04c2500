"""The connection to SQLite or PostgreSQL, and sessions that read or write.

A *reading* session sees one state of the database from its first query to its last. A *writing*
session takes the write lock when it begins (SQLite) and commits at its end, or leaves nothing behind.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, OperationalError
from sqlalchemy.orm import Session

from store.errors import BadName, StoreBusy, StoreError

Result = TypeVar("Result")

HOW = "Use sqlite:///FILE or postgresql://…"
BUSY_SECONDS = 30  # how long SQLite waits for another writer
_WRITING = "mra_writing"
_AGAIN = ("40001", "40P01")  # PostgreSQL: serialization failure, deadlock; safe to run again


def database_url(text_url: str) -> URL:
    """Return the address of a database, with the driver that is used; raise StoreError for others.

    Takes `sqlite:///file`, a plain path, `postgresql://…` and `postgres://…`.
    """
    if "://" not in text_url:
        text_url = f"sqlite:///{text_url}"
    try:
        url = make_url(text_url)
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "The database address cannot be read. Use sqlite:///FILE or postgresql://…"
        ) from error
    kind = url.drivername.split("+")[0]
    if kind == "sqlite":
        if not url.database or url.database == ":memory:":
            raise StoreError("SQLite needs a file, such as sqlite:///mra.sqlite.")
        return url.set(drivername="sqlite")
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(f"{kind} is not a database this program uses. {HOW}")


def open_engine(url: str, pool_size: int = 10) -> Engine:
    """Return an engine for a database address. The schema is the business of `store.migrations`."""
    address = database_url(url)
    if address.drivername == "sqlite":
        Path(str(address.database)).expanduser().parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            address,
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            pool_size=pool_size,
            max_overflow=pool_size,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(address, pool_pre_ping=True, pool_size=pool_size, max_overflow=pool_size)
    _engines.add(engine)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A reader that turned writer would fail at once where another wrote meanwhile, however long it waits.
    writing = connection.get_execution_options().get(_WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _forked() -> None:
    """Let a forked process open connections of its own."""
    for engine in tuple(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forked)


class Store:
    """A database of workspaces. Safe for threads; one per process is enough.

    store = Store("sqlite:///mra.sqlite")
    with store.reading() as session: ...
    with store.writing() as session: ...
    """

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.engine = open_engine(url, pool_size)

    @property
    def url(self) -> str:
        """The address, its password hidden."""
        return self.engine.url.render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite (otherwise PostgreSQL)."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one state of the database; what it would write is dropped."""
        options: dict[str, Any] = (
            {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        with self._session(options) as session:
            yield session
            session.rollback()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session whose work is committed at the end, all of it or nothing.

        Raises StoreBusy where the database stayed locked.
        """
        with self._session({_WRITING: True}) as session:
            yield session
            session.commit()

    @contextmanager
    def _session(self, options: dict[str, Any]) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            try:
                session.connection(execution_options=options)
                yield session
            except DataError as error:
                raise BadName("A text has a sign or a length that the database does not take.") from error
            except DBAPIError as error:
                if _busy(error):
                    raise StoreBusy("The database is busy. Try again in a moment.") from error
                raise

    def run(self, work: Callable[[Session], Result], attempts: int = 5) -> Result:
        """Return what `work` returns in a writing session, run again where others got in the way."""
        for left in range(attempts - 1, -1, -1):
            try:
                with self.writing() as session:
                    return work(session)
            except StoreBusy:
                if not left:
                    raise
        raise AssertionError("unreachable")

    def ping(self) -> None:
        """Return when the database answers; raise StoreError where it does not (for readiness)."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except DBAPIError as error:
            raise StoreError("The database does not answer.") from error

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _busy(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlstate", None) in _AGAIN:
        return True
    return isinstance(error, OperationalError) and "database is locked" in str(error.orig)
