"""A workspace with work of every kind to do, made once and copied for each test."""

from __future__ import annotations

import pytest

from tests.jobs.engine_world import copied, make_world, services


@pytest.fixture(scope="session")
def first_world(tmp_path_factory):
    """A world on SQLite whose store is closed, to be copied."""
    world = make_world(f"sqlite:///{tmp_path_factory.mktemp('world') / 'mra.sqlite'}")
    world.store.close()
    return world


@pytest.fixture
def world(first_world, tmp_path):
    """A world on a SQLite database of its own."""
    made = copied(first_world, tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def start():
    """What starts service processes; all of them are ended with the test."""
    with services() as started:
        yield started
