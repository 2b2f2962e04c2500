"""The Library of a workspace: the same from the store as from a folder, and made once a version."""

from __future__ import annotations

import threading

import pytest

from criteria.problems import DataError
from engine.comparison import compare
from engine.matching import default_matcher
from mappings.library import load_library
from store import exchange, files, libraries, workspaces
from store.errors import NotFound
from tests.builders import AS_OF, shipped_policy
from tests.store.papers import edition_files, review


def commit(store, workspace, changed):
    """Write files into a workspace."""
    with store.writing() as session:
        files.commit(session, workspace, changed, "a change", "anna")


def library(store, workspace):
    """The library of a workspace."""
    with store.reading() as session:
        return libraries.library_of(session, workspace)


def test_an_empty_workspace_is_the_shipped_library(store, home, small):
    assert library(store, home) is load_library()


def test_it_equals_the_library_of_the_exported_folder(store, home, small, tmp_path):
    commit(store, home, edition_files() | {"workspace.yaml": "require_local_approval: true\n"})
    with store.writing() as session:
        files.decide(session, home, [review()], "rita")
    with store.reading() as session:
        exchange.as_folder(session, home, tmp_path / "workspace")
    folder, stored = load_library(tmp_path / "workspace"), library(store, home)
    for part in ("programs", "editions", "controls", "maps", "direct", "reviews", "settings", "digest"):
        assert getattr(stored, part) == getattr(folder, part), part
    assert "away-2026" in stored.editions
    (one,) = stored.maps_of("away-2025").maps["A6.a"]
    assert one.status == "approved"


def test_a_decision_changes_the_comparison_at_once(store, home, small):
    def verdict():
        found = library(store, home)
        made = compare(
            found, found.editions["home-2025"], found.editions["away-2025"], shipped_policy(),
            default_matcher(), AS_OF,
        )  # fmt: skip
        return next(one.verdict for one in made.findings if one.criterion == "3.3")

    assert verdict() == "not_reviewed"
    with store.writing() as session:
        files.decide(session, home, [review()], "rita")
    assert verdict() == "meets"


def test_it_is_made_once_for_a_version_also_by_many_at_once(store, home, small, monkeypatch):
    commit(store, home, edition_files())
    made, real = [], libraries.build

    def counted(held):
        made.append(held)
        return real(held)

    monkeypatch.setattr(libraries, "build", counted)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(library(store, home))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len({id(one) for one in found}), len(found)) == (1, 1, 8)
    commit(store, home, {"workspace.yaml": "require_local_approval: true\n"})
    assert library(store, home).settings.require_local_approval
    assert len(made) == 2


def test_one_workspace_never_gets_the_library_of_another(store, home, away, small):
    commit(store, home, edition_files())
    assert "away-2026" in library(store, home).editions
    assert "away-2026" not in library(store, away).editions
    with store.writing() as session:
        workspaces.delete(session, home)
        workspaces.create(session, home)
    assert "away-2026" not in library(store, home).editions


def test_a_writer_sees_the_library_with_its_own_change(store, home, small):
    """And what it takes back is seen by nobody."""
    with store.writing() as session:
        files.commit(session, home, edition_files(), "a change", "anna")
        assert "away-2026" in libraries.library_of(session, home).editions
        session.rollback()
    commit(store, home, {"workspace.yaml": "require_local_approval: true\n"})
    assert "away-2026" not in library(store, home).editions


def test_broken_data_is_an_error_with_its_place(store, home, small):
    commit(store, home, {"maps/x.yaml": "edition: nowhere-1\nmethod: by hand\nmaps: {}\n"})
    with pytest.raises(DataError, match="nowhere-1"):
        library(store, home)
    with store.reading() as session:
        _, problems = libraries.read(session, home)
    assert [problem.code for problem in problems if problem.severity == "error"] == ["unknown-edition"]


def test_an_unknown_workspace_has_no_library(store):
    with pytest.raises(NotFound):
        library(store, "nowhere")
