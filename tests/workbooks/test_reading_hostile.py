"""Hostile files are each answered with a code of their own, and never harm the caller."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from criteria.problems import Problem
from tests.workbooks.builders import CRITERIA, xlsx
from tests.workbooks.hostile_files import HOSTILE
from workbooks import reading
from workbooks.guards import LIMITS
from workbooks.reading import read

ROOT = Path(__file__).parents[2]


def refusal(data: bytes, name: str = "a.xlsx", **limits) -> Problem:
    """Return why a file is not read."""
    found = read(data, name, limits=replace(LIMITS, **limits)).refusal
    assert found is not None
    return found


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_own_code(name):
    build, filename, code = HOSTILE[name]
    book = read(build(), filename)
    assert book.refusal is not None, book
    assert book.refusal.code == code
    assert book.refusal.hint
    assert book.sheets == ()


def test_the_caller_reads_the_next_file_after_every_refusal():
    read(HOSTILE["zip bomb"][0](), "a.xlsx")
    assert read(xlsx({"Criteria": CRITERIA}), "a.xlsx").sheets[0].name == "Criteria"


# Run in a process of its own, so that its children are the readers and nobody else's.
_MEASURED = """
import resource
from tests.workbooks.hostile_files import HOSTILE
from workbooks.reading import read
for name in ("zip bomb", "entity bomb", "millions of styled empty cells", "giant merge"):
    build, filename, _ = HOSTILE[name]
    read(build(), filename)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


def test_no_hostile_file_took_more_memory_than_the_child_is_given():
    asked = [sys.executable, "-c", _MEASURED]
    run = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert 0 < int(run.stdout) < LIMITS.memory_bytes


def test_a_refusal_names_the_sheet_and_the_cell():
    build, filename, _ = HOSTILE["cell at XFD1048576"]
    found = refusal(build(), filename)
    assert (found.sheet, found.cell) == ("Criteria", "Criteria!XFD1048576")


def test_a_reader_that_needs_too_much_memory_is_stopped():
    rows = [[f"{r}.{c} some text that takes its place" for c in range(20)] for r in range(4_000)]
    assert refusal(xlsx({"Criteria": rows}), memory_bytes=45_000_000).code in (
        "too_much_memory",
        "reader_failed",
    )


def test_a_reader_that_takes_too_long_is_stopped():
    assert refusal(xlsx({"Criteria": CRITERIA}), wall_seconds=0).code == "too_slow"


@pytest.mark.parametrize(
    ("returncode", "code"),
    [(-signal.SIGXCPU, "too_slow"), (-signal.SIGKILL, "too_much_memory"), (-signal.SIGABRT, "reader_failed"),
     (-signal.SIGSEGV, "reader_failed"), (1, "reader_failed")],
)  # fmt: skip
def test_each_way_a_reader_can_die_has_its_answer(monkeypatch, tmp_path, returncode, code):
    script = tmp_path / "child.py"
    end = f"os.kill(os.getpid(), {-returncode})" if returncode < 0 else f"sys.exit({returncode})"
    script.write_text(f"import os, sys\nsys.stdin.buffer.read()\n{end}\n")
    monkeypatch.setattr(reading, "_CHILD", script)
    assert refusal(xlsx({"Criteria": CRITERIA})).code == code


def test_an_answer_that_is_none_is_a_failure(monkeypatch, tmp_path):
    script = tmp_path / "child.py"
    script.write_text("import sys\nsys.stdin.buffer.read()\nprint('[1, 2')\n")
    monkeypatch.setattr(reading, "_CHILD", script)
    assert refusal(xlsx({"Criteria": CRITERIA})).code == "reader_failed"


def test_the_child_limits_its_memory_time_and_writing_before_it_reads():
    code = (
        "import json, resource, sys; sys.path.insert(0, sys.argv[1])\n"
        "from workbooks.reading_child import limit_self\n"
        "from workbooks.guards import LIMITS\n"
        "limit_self(LIMITS)\n"
        "names = ['RLIMIT_AS', 'RLIMIT_CPU', 'RLIMIT_FSIZE', 'RLIMIT_CORE']\n"
        "print(json.dumps([resource.getrlimit(getattr(resource, n))[0] for n in names]))\n"
    )
    root = str(reading._CHILD.parents[1])
    done = subprocess.run([sys.executable, "-c", code, root], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [LIMITS.memory_bytes, LIMITS.cpu_seconds, 0, 0]


def test_the_child_writes_no_file_even_if_a_reader_tries(tmp_path):
    target = tmp_path / "out"
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from workbooks.reading_child import limit_self\n"
        "from workbooks.guards import LIMITS\n"
        "limit_self(LIMITS)\n"
        "open(sys.argv[2], 'wb', buffering=0).write(b'x' * 10)\n"
    )
    root = str(reading._CHILD.parents[1])
    done = subprocess.run([sys.executable, "-c", code, root, str(target)], capture_output=True, check=False)
    assert done.returncode != 0
    assert target.read_bytes() == b""


@pytest.mark.parametrize(
    ("limit", "value", "code"),
    [
        ("file_bytes", 1_000, "file_too_large"),
        ("member_bytes", 500, "member_too_large"),
        ("unpacked_bytes", 1_000, "unpacked_too_large"),
        ("text_characters", 20, "too_much_text"),
        ("rows", 3, "too_many_rows"),
        ("cells", 5, "too_many_cells"),
        ("columns", 2, "cell_far_outside"),
        ("members", 3, "too_many_members"),
        ("sheets", 1, "too_many_sheets"),
        ("xml_depth", 2, "xml_too_deep"),
    ],
)
def test_every_limit_has_its_code(limit, value, code):
    data = xlsx({"Criteria": CRITERIA, "Second": CRITERIA})
    assert refusal(data, **{limit: value}).code == code
