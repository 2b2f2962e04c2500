"""Loading the library, and many comparisons: C-TPAT against all, all against all."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from benchmarks.conftest import DAY
from benchmarks.memory import peak_of
from engine.matrix import matrix
from jobs.comparing import matrix_names
from mappings.library import load_library, read_library

LOAD = (
    "import time; s = time.perf_counter(); from mappings.library import load_library; "
    "load_library(); print(time.perf_counter() - s)"
)


def _cold(folder: str) -> float:
    environment = {**os.environ, "MRA_CACHE_DIR": folder}
    return float(
        subprocess.run(
            [sys.executable, "-c", LOAD], env=environment, capture_output=True, text=True, check=True
        ).stdout
    )


def test_loading_in_a_new_process(benchmark, tmp_path):
    """Target: cold at most 1.0 s. Beside it: the first load ever, with no cache of parsed files."""
    first = _cold(str(tmp_path))
    benchmark.pedantic(_cold, (str(tmp_path),), rounds=5)
    benchmark.extra_info["without_cache_seconds"] = round(first, 3)


def test_loading_again(benchmark):
    """Target: warm at most 50 ms. Beside it: reading and checking every file anew in this process."""
    load_library()
    start = time.perf_counter()
    read_library()
    benchmark.extra_info["read_anew_seconds"] = round(time.perf_counter() - start, 3)
    benchmark(load_library)


def test_baseline_against_all(benchmark, library):
    """Target: at most 1.5 s."""
    baselines, foreigns = matrix_names(library, "ctpat")
    made = benchmark.pedantic(matrix, (library, baselines, foreigns, DAY), rounds=3, warmup_rounds=1)
    benchmark.extra_info["pairs"] = len(made.cells)


def test_all_against_all(benchmark, library):
    """Target: 380 pairs in at most 15 s on two cores, 400 MB, growing with the number of pairs.

    The memory is that of `mra matrix --baseline all`, its workers included.
    """
    baselines, foreigns = matrix_names(library, "all")
    made = benchmark.pedantic(matrix, (library, baselines, foreigns, DAY), rounds=1)
    benchmark.extra_info["pairs"] = len(made.cells)
    start = time.perf_counter()
    half = matrix(library, baselines[: len(baselines) // 2], foreigns, DAY)
    benchmark.extra_info[f"seconds_for_{len(half.cells)}_pairs"] = round(time.perf_counter() - start, 1)
    command = [sys.executable, "-m", "api.cli", "matrix", "--baseline", "all", "--json"]
    benchmark.extra_info["peak_megabytes"] = round(peak_of(command))
