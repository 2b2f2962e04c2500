"""What `benchmarks.memory` counts: megabytes of real processes, wide margins, no time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.memory import peak_of

HOLD = "import time; held = b'x' * ({megabytes} << 20); time.sleep(0.3)"


def _peak(program: str) -> float:
    return peak_of([sys.executable, "-c", program])


def test_what_a_process_holds_is_counted():
    assert 100 < _peak(HOLD.format(megabytes=100)) < 130


def test_what_the_measuring_process_holds_is_not():
    ballast = b"x" * (200 << 20)
    assert _peak(HOLD.format(megabytes=1)) < 50
    assert len(ballast) == 200 << 20


def test_what_a_child_holds_is_added():
    child = HOLD.format(megabytes=60)
    program = (
        f"import subprocess, sys; held = b'x' * (60 << 20); subprocess.run([sys.executable, '-c', {child!r}])"
    )
    assert 120 < _peak(program) < 170


def test_a_child_that_is_just_starting_counts_nothing_twice():
    program = "import subprocess; held = b'x' * (150 << 20); [subprocess.run(['true']) for _ in range(300)]"
    assert 150 < _peak(program) < 200


def test_pages_shared_by_forked_processes_count_once():
    fork = "import os, time; os.fork(); time.sleep(0.3)"
    shared = "held = b'x' * (100 << 20); " + fork
    own = "import os; os.fork(); " + HOLD.format(megabytes=100)
    assert 100 < _peak(shared) < 140
    assert 200 < _peak(own) < 250


def test_a_command_that_fails_is_told():
    with pytest.raises(subprocess.CalledProcessError):
        _peak("raise SystemExit(3)")
