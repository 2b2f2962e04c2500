"""A database of each kind for every test: a SQLite file, and a database of a real PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from mappings import library as mappings_library
from mappings.library import Library
from store import Store, libraries, migrations, workspaces
from tests.builders import small_library
from tests.postgresql import running_postgresql
from tests.store.shipping import write_shipped

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server that runs for this session of tests."""
    with running_postgresql() as address:
        yield address


def _execute(url: str, statement: str) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def empty_url(tmp_path_factory, request):
    """Give the address of a new database without tables, of a kind."""
    count = iter(range(10**6))

    def made(kind: str) -> str:
        number = next(count)
        if kind == "sqlite":
            return f"sqlite:///{tmp_path_factory.mktemp('empty') / f'{number}.sqlite'}"
        server = request.getfixturevalue("postgresql")
        _execute(server, f"CREATE DATABASE empty_{number}")
        return make_url(server).set(database=f"empty_{number}").render_as_string(hide_password=False)

    return made


@pytest.fixture(scope="session")
def templates(empty_url) -> dict[str, str]:
    """Databases with tables, one of each kind, to be copied: migrations run once, not for every test."""
    return {}


@pytest.fixture(params=KINDS)
def url(request, tmp_path: Path, empty_url, templates) -> Iterator[str]:
    """The address of a database with tables and nothing in them."""
    kind = request.param
    if kind not in templates:
        templates[kind] = empty_url(kind)
        migrations.upgrade(templates[kind])
    template = make_url(templates[kind])
    if kind == "sqlite":
        copy = tmp_path / "mra.sqlite"
        shutil.copy(str(template.database), copy)
        yield f"sqlite:///{copy}"
        return
    name = f"test_{abs(hash(request.node.nodeid))}"
    server = request.getfixturevalue("postgresql")
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template.database}"')
    yield template.set(database=name).render_as_string(hide_password=False)
    _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store on an empty database."""
    with Store(url) as opened:
        yield opened
    libraries.forget()


@pytest.fixture
def home(store: Store) -> str:
    """A workspace called `home`."""
    with store.writing() as session:
        workspaces.create(session, "home", "Home team")
    return "home"


@pytest.fixture
def away(store: Store) -> str:
    """Another workspace, which must never show anything of the first."""
    with store.writing() as session:
        workspaces.create(session, "away", "The others")
    return "away"


@pytest.fixture
def ship(tmp_path: Path, monkeypatch) -> Iterator[Callable[[Library], None]]:
    """Put another library in the place of the one that ships with the package, as an upgrade does."""
    monkeypatch.setenv("MRA_CACHE_DIR", "off")
    count = iter(range(100))

    def shipped(library: Library) -> None:
        folder = tmp_path / f"shipped-{next(count)}"
        write_shipped(library, folder)
        monkeypatch.setattr(mappings_library, "SHIPPED_PROGRAMS", folder / "programs")
        monkeypatch.setattr(mappings_library, "SHIPPED_MAPPINGS", folder / "mappings")
        mappings_library._shipped.cache_clear()
        libraries.forget()

    yield shipped
    mappings_library._shipped.cache_clear()
    libraries.forget()


@pytest.fixture
def small(ship) -> Library:
    """The small library of two programs, as if it were the one that ships."""
    ship(small_library())
    return mappings_library.load_library()
