"""Migrations: up, down, up again, on both databases; the tables are those of the models."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from store import Store, migrations, workspaces
from store.database import open_engine
from store.errors import SchemaBehind
from store.models import Base

pytestmark = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def tables(url: str) -> set[str]:
    """The tables of a database besides Alembic's own."""
    engine = open_engine(url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names - {"alembic_version"}


def test_the_migrated_tables_are_those_of_the_models(empty_url, kind):
    url = empty_url(kind)
    migrations.upgrade(url)
    engine = open_engine(url)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_every_revision_goes_up_and_down(empty_url, kind):
    """Step by step, each way; at the bottom nothing is left, and the way up is open again."""
    url = empty_url(kind)
    for revision in migrations.revisions():
        assert migrations.upgrade(url, revision).steps == (revision,)
        assert migrations.current(url) == revision
    assert tables(url) == set(Base.metadata.tables)
    for revision in reversed(migrations.revisions()):
        assert migrations.downgrade(url, "-1").steps == (revision,)
    assert migrations.current(url) is None
    assert tables(url) == set()
    assert migrations.upgrade(url).after == migrations.newest()


def test_an_upgrade_keeps_what_is_there_and_does_nothing_twice(empty_url, kind):
    url = empty_url(kind)
    migrations.upgrade(url)
    with Store(url) as store, store.writing() as session:
        workspaces.create(session, "home")
    assert migrations.upgrade(url).steps == ()
    with Store(url) as store, store.reading() as session:
        assert workspaces.get(session, "home").version == 0


def test_two_servers_may_upgrade_at_once(empty_url, kind):
    url = empty_url(kind)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: migrations.upgrade(url), range(4)))
    assert sorted(len(one.steps) for one in done) == [0, 0, 0, len(migrations.revisions())]


def test_a_database_without_tables_is_refused_with_the_cure(empty_url, kind):
    url = empty_url(kind)
    with pytest.raises(SchemaBehind, match="mra db upgrade"):
        migrations.check(url)
    migrations.upgrade(url)
    migrations.check(url)
