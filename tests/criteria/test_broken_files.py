"""One broken file per error: each gives exactly its problem, which names file, line, key and cure.

Every file in tests/broken begins with the file of tests/broken/good that it replaces, and with what has
to be said about it. Its name begins with the code of the problem.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from criteria.files import key_path, parse_yaml
from criteria.loading import load_programs
from criteria.problems import Problem
from mappings.library import read_library
from mappings.loading import load_mappings

FOLDER = Path(__file__).parents[1] / "broken"
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch):
    monkeypatch.setenv("MRA_CACHE_DIR", "off")


def problems_below(folder: Path) -> list[Problem]:
    """Return every problem of the programs and maps below a folder."""
    programs, problems = load_programs((folder / "programs",))
    _, more = load_mappings(programs.editions, (folder,), unread=programs.unread)
    return [*problems, *more]


def told(path: Path) -> tuple[str, list[str]]:
    """Return the file that a broken file replaces, and what has to be said about it."""
    lines = [line[2:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    replaces = next(line.removeprefix("replaces: ") for line in lines if line.startswith("replaces: "))
    return replaces, [line.removeprefix("says: ") for line in lines if line.startswith("says: ")]


def test_the_good_files_have_no_problem():
    """What the broken files are measured against is without a fault."""
    assert problems_below(FOLDER / "good") == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_file_gives_its_problem(path, tmp_path):
    """The problem says which file, line and key, what is wrong, and what to do."""
    folder = tmp_path / "data"
    shutil.copytree(FOLDER / "good", folder)
    replaces, says = told(path)
    (folder / replaces).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, folder / replaces)
    if replaces.startswith(("reviews/", "workspace")):
        found = [p for p in read_library(folder)[1] if p.file.startswith(("reviews/", "workspace"))]
    else:
        found = problems_below(folder)
    assert [str(problem) for problem in found] == says
    assert {problem.code for problem in found} == {path.stem.split("--")[0]}
    assert all(problem.line and problem.hint for problem in found)


def test_a_file_that_is_not_utf_8_is_named(tmp_path):
    """A file saved in another encoding is told with the place of the first wrong byte."""
    folder = tmp_path / "data"
    shutil.copytree(FOLDER / "good", folder)
    (folder / "controls/seal.yaml").write_bytes("controls: # Siegel für".encode("latin-1"))
    said = [str(problem) for problem in problems_below(folder)]
    assert said[0] == "mappings/controls/seal.yaml: not UTF-8 text at byte 20. Save the file as UTF-8."


def test_reading_never_stops_at_the_first_fault(tmp_path):
    """Three faults in three files are three problems."""
    folder = tmp_path / "data"
    shutil.copytree(FOLDER / "good", folder)
    for name in ("unknown-category--control", "unknown-operator-type--role", "unknown-tier"):
        shutil.copy(FOLDER / f"{name}.yaml", folder / told(FOLDER / f"{name}.yaml")[0])
    codes = [problem.code for problem in problems_below(folder)]
    assert sorted(codes) == ["unknown-category", "unknown-operator-type", "unknown-tier"]


def test_a_key_given_twice_is_named_with_its_line():
    """The parser that refuses a key given twice says which and where."""
    data, [problem] = parse_yaml("a: 1\nb: 2\na: 3\n", "some.yaml")
    assert data is None
    assert str(problem) == 'some.yaml:3: the key "a" is given twice. Keep one of the two.'


def test_a_key_path_is_read_as_it_is_written():
    """The dotted path that a problem names leads back to the value."""
    assert key_path("roles[2].operator_types") == ["roles", 2, "operator_types"]
    assert key_path("") == []
