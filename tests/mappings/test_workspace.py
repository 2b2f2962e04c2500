"""A workspace's changes: all files or none, one writer at a time, and every change can be taken back."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from mappings.workspace import Change, WorkspaceError, commit, history, locked, reading, undo

ROOT = Path(__file__).parents[2]
OLD = {"maps/a.yaml": "a: 1\n", "maps/b.yaml": "b: 1\n"}
NEW = {"maps/a.yaml": "a: 2\n", "maps/b.yaml": None, "reviews/c.yaml": "c: 1\n"}

# Makes the change NEW, and dies by itself at a step: before writing, half way through writing, before
# copying, moving or removing a file. Prints how many steps it came through.
DIES = """
    import os, shutil, sys
    from pathlib import Path
    from mappings import workspace

    folder, last, steps = Path(sys.argv[1]), int(sys.argv[2]), [0]

    def counted(made):
        def call(*args, **kwargs):
            steps[0] += 1
            if steps[0] == last:
                os._exit(9)
            return made(*args, **kwargs)
        return call

    class Half:
        def __init__(self, out):
            self.out = out
        def __getattr__(self, name):
            return getattr(self.out, name)
        def __enter__(self):
            return self
        def __exit__(self, *what):
            self.out.close()
        def write(self, text):
            steps[0] += 1
            if steps[0] == last:
                self.out.write(text[: len(text) // 2])
                self.out.flush()
                os._exit(9)
            return self.out.write(text)

    really_open = Path.open
    Path.open = lambda self, mode="r", **more: (
        Half(really_open(self, mode, **more)) if mode == "w" else really_open(self, mode, **more)
    )
    Path.replace, Path.unlink, Path.mkdir = map(counted, (Path.replace, Path.unlink, Path.mkdir))
    shutil.copy2, shutil.rmtree = counted(shutil.copy2), counted(shutil.rmtree)
    with workspace.locked(folder):
        workspace.commit(folder, NEW, "change")
    print(steps[0])
"""
COUNTS = """
    import sys
    from pathlib import Path
    from mappings.workspace import commit, locked

    folder, who = Path(sys.argv[1]), sys.argv[2]
    for number in range(15):
        with locked(folder):
            path = folder / "counter.yaml"
            count = int(path.read_text()) if path.exists() else 0
            files = {"counter.yaml": str(count + 1), f"{who}/{number}.yaml": "x: 1"}
            commit(folder, files, f"{who} {number}")
"""


def started(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a child with the code, the checkout on its path."""
    text = f"NEW = {NEW!r}\n" + textwrap.dedent(code)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", text, *arguments], stdout=subprocess.PIPE, text=True, env=environment
    )


def files(folder: Path) -> dict[str, str]:
    """Return the files of a workspace, without what it keeps for itself."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.yaml"))
        if not path.relative_to(folder).parts[0].startswith((".", "history"))
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with two files."""
    made = tmp_path / "workspace"
    with locked(made):
        commit(made, OLD, "begin")
    return made


AFTER = {name: text for name, text in {**OLD, **NEW}.items() if text is not None}


def test_a_change_writes_and_removes_files_and_is_remembered(folder):
    """What a change did is in the history, the oldest first."""
    with locked(folder):
        change = commit(folder, NEW, "change")
    assert files(folder) == AFTER
    assert change == Change(2, "change", tuple(NEW))
    assert [one.what for one in history(folder)] == ["begin", "change"]


def test_undo_takes_back_the_last_change_and_undoing_that_makes_it_again(folder):
    """Changed files are as before, new ones gone, removed ones back; and once more round."""
    with locked(folder):
        commit(folder, NEW, "change")
    assert undo(folder).what == "undo 2: change"
    assert files(folder) == OLD
    assert undo(folder).what == "undo 3: undo 2: change"
    assert files(folder) == AFTER


def test_there_may_be_nothing_to_undo(tmp_path):
    """A new workspace says so."""
    with pytest.raises(WorkspaceError, match="nothing to undo"):
        undo(tmp_path)


@pytest.mark.parametrize("name", ["../outside.yaml", "/tmp/outside.yaml", "maps/../../outside.yaml"])
def test_a_change_stays_inside_its_folder(folder, name):
    """A name that leads out of the workspace is refused, and nothing of the change is made."""
    with pytest.raises(WorkspaceError, match="outside the workspace"), locked(folder):
        commit(folder, {"maps/a.yaml": "a: 3\n", name: "x"}, "break out")
    with locked(folder):
        assert files(folder) == OLD
    assert [one.what for one in history(folder)] == ["begin"]


def test_a_folder_that_cannot_be_used_is_told(tmp_path):
    """Where a file stands in the way the text says what to do."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with (
        pytest.raises(WorkspaceError, match="Name another folder with --workspace"),
        locked(tmp_path / "file"),
    ):
        pass


def test_reading_needs_no_folder(tmp_path):
    """Reading a workspace that does not exist makes none."""
    with reading(tmp_path / "none"):
        pass
    assert not (tmp_path / "none").exists()


def test_a_change_killed_at_any_step_is_made_as_a_whole_or_not_at_all(tmp_path):
    """Whatever the step, the next one to open the workspace finds the old files or the new, and can undo."""
    last, outcomes = 0, []
    while True:
        last += 1
        folder = tmp_path / f"at{last}"
        with locked(folder):
            commit(folder, OLD, "begin")
        child = started(DIES, str(folder), str(last))
        child.communicate()
        with locked(folder):
            found = files(folder)
        assert found in (OLD, AFTER), f"killed at step {last}"
        made = found == AFTER
        assert [one.what for one in history(folder)] == (["begin", "change"] if made else ["begin"])
        assert not (folder / ".pending").exists()
        undo(folder)
        assert files(folder) == (OLD if made else {})
        outcomes.append(made)
        if child.returncode == 0:
            break
        assert child.returncode == 9
    # Both happened, and once the change is made it stays made.
    assert outcomes == sorted(outcomes)
    assert not all(outcomes)
    assert outcomes.count(True) > 3


def test_a_change_after_a_killed_one_keeps_nothing_of_it(folder):
    """What an interrupted change had put aside does not come back with a later undo."""
    child = started(DIES, str(folder), "6")
    child.communicate()
    assert child.returncode == 9
    with locked(folder):
        commit(folder, {"maps/b.yaml": "b: 9\n"}, "other")
    undo(folder)
    assert files(folder) == OLD


def test_two_writers_at_once_do_not_lose_each_others_changes(tmp_path):
    """Two processes count in one file; every step of both arrives, and each has its own number."""
    folder = tmp_path / "shared"
    children = [started(COUNTS, str(folder), who) for who in ("one", "two")]
    for child in children:
        child.communicate()
        assert child.returncode == 0
    assert (folder / "counter.yaml").read_text(encoding="utf-8") == "30"
    assert [one.number for one in history(folder)] == list(range(1, 31))
    assert len(files(folder)) == 31
