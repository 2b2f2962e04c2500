"""The connection: addresses, transactions that are whole or nothing, sessions that see one state."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from store import Store, audit, workspaces
from store.database import database_url
from store.errors import NotFound, StoreError


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("a.sqlite", "sqlite"),
        ("sqlite:///a.sqlite", "sqlite"),
        ("postgres://user:secret@db/mra", "postgresql+psycopg"),
        ("postgresql://user:secret@db/mra", "postgresql+psycopg"),
    ],
)
def test_the_usual_addresses_are_taken(given, driver):
    assert database_url(given).drivername == driver


@pytest.mark.parametrize(
    "given",
    ["sqlite://", "sqlite:///:memory:", "mysql://user:secret@db/mra", "postgresql://user:secret@db:x/mra"],
)
def test_other_addresses_are_refused_and_their_secrets_kept(given):
    with pytest.raises(StoreError, match="sqlite:///") as caught:
        database_url(given)
    assert "secret" not in str(caught.value)


def test_the_password_of_an_address_is_never_shown():
    with Store("postgresql://user:secret@db/mra") as store:
        assert "secret" not in store.url


def _fail_after_writing(store: Store) -> None:
    with store.writing() as session:
        workspaces.create(session, "home")
        raise ZeroDivisionError


def test_a_failed_writing_session_leaves_nothing_behind(store):
    with pytest.raises(ZeroDivisionError):
        _fail_after_writing(store)
    with store.reading() as session, pytest.raises(NotFound):
        workspaces.get(session, "home")


def test_a_reading_session_sees_one_state_from_first_to_last(store, home):
    with store.reading() as session:
        before = workspaces.get(session, home)
        with store.writing() as other:
            workspaces.advance(other, home)
        assert workspaces.get(session, home) == before
    with store.reading() as session:
        assert workspaces.get(session, home).version == before.version + 1


def test_times_come_back_in_utc_whatever_zone_they_went_in_with(store):
    moment = datetime(2026, 11, 24, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=-5)))
    with store.writing() as session:
        audit.record(session, "test", "anna", at=moment)
    with store.reading() as session:
        (entry,) = audit.listing(session).items
    assert (entry.at, entry.at.tzinfo) == (moment, UTC)


def test_a_time_without_a_zone_is_refused(store):
    with pytest.raises(StatementError, match="no time zone"), store.writing() as session:
        audit.record(session, "test", "anna", at=datetime(2026, 11, 24))  # noqa: DTZ001


def test_sqlite_runs_as_a_server_needs_it(store):
    if not store.is_sqlite:
        with store.reading() as session:
            assert session.scalar(text("SHOW transaction_isolation")) == "repeatable read"
        return
    with store.reading() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA busy_timeout")) > 0


def _count(store: Store, answers) -> None:
    with store.reading() as session:
        answers.put(len(workspaces.every(session)))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")  # forking is the point
def test_a_forked_process_uses_connections_of_its_own(store, home):
    with store.reading() as session:
        workspaces.get(session, home)
        context = multiprocessing.get_context("fork")
        answers = context.Queue()
        child = context.Process(target=_count, args=(store, answers))
        child.start()
        assert answers.get(timeout=30) == 1
        child.join(30)
        assert workspaces.get(session, home).key == home


def test_an_answering_database_is_ready_and_a_missing_one_is_not(store, tmp_path):
    store.ping()
    with Store("postgresql://nobody@127.0.0.1:1/none") as missing, pytest.raises(StoreError, match="answer"):
        missing.ping()
