"""One comparison of C-TPAT with EU AEO, warm, all operator types, with evidence; growth and memory."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest

from benchmarks.conftest import DAY
from benchmarks.memory import peak_of
from criteria.model import Edition
from engine.comparison import compare
from engine.matching import DirectMatcher
from mappings.library import Library
from mappings.loading import MapSet

MRA = (sys.executable, "-m", "api.cli")


def test_one_warm_comparison(benchmark, library, policy, matcher):
    """Target: median at most 30 ms with the child process; the oracle is the reference in the same run."""
    baseline, foreign = library.edition("ctpat"), library.edition("eu-aeo")
    found = benchmark.pedantic(
        compare, (library, baseline, foreign, policy, matcher, DAY), rounds=40, warmup_rounds=3, iterations=1
    )
    benchmark.extra_info["findings"] = len(found.findings)


def resident_kilobytes() -> int:
    """Return this process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def test_memory_over_a_thousand_comparisons(benchmark, library, policy):
    """Target: within 5 MB after warm-up."""
    matcher = DirectMatcher()
    baseline, foreign = library.edition("ctpat"), library.edition("nz-ses")

    def run(times: int) -> None:
        for _ in range(times):
            compare(library, baseline, foreign, policy, matcher, DAY)

    run(100)
    gc.collect()
    before = resident_kilobytes()
    benchmark.pedantic(run, (1000,), rounds=1)
    gc.collect()
    benchmark.extra_info["grown_kilobytes"] = resident_kilobytes() - before


def _times(library: Library, factor: int) -> tuple[Library, Edition]:
    """Return the library with an edition that holds every EU criterion `factor` times."""
    source = library.edition("eu-aeo")
    maps = library.maps_of(source.key)
    copies = [
        criterion.model_copy(
            update={
                "ref": f"{criterion.ref} ~{n}",
                "under": None if criterion.under is None else f"{criterion.under} ~{n}",
                "conflicts_with": (),
            }
        )
        for n in range(factor)
        for criterion in source.criteria
    ]
    edition = source.model_copy(update={"key": f"eu-times-{factor}", "criteria": tuple(copies)})
    copied = {
        f"{ref} ~{n}.{letter}": entry
        for n in range(factor)
        for key, entry in maps.maps.items()
        for ref, letter in [key.rsplit(".", 1)]
    }
    editions = {**library.editions, edition.key: edition}
    sets = {**library.maps, edition.key: MapSet(edition.key, copied)}
    return Library(
        library.programs, editions, library.controls, sets, {}, f"{library.digest}x{factor}"
    ), edition


@pytest.mark.parametrize("factor", [1, 2, 5, 10])
def test_growth_with_provisions(benchmark, library, policy, factor):
    """Target: linear in provisions up to ten times."""
    bigger, edition = _times(library, factor)
    matcher, baseline = DirectMatcher(), library.edition("ctpat")
    benchmark.pedantic(
        compare, (bigger, baseline, edition, policy, matcher, DAY), rounds=7, warmup_rounds=1, iterations=1
    )
    benchmark.extra_info["provisions"] = sum(len(c.obligations) for c in edition.criteria)


@pytest.mark.parametrize("factor", [1, 2, 5, 10])
def test_growth_with_obligations(benchmark, library, policy, factor):
    """Target: linear in baseline obligations up to ten times."""
    bigger, edition = _times(library, factor)
    matcher, foreign = DirectMatcher(), library.edition("nz-ses")
    benchmark.pedantic(
        compare, (bigger, edition, foreign, policy, matcher, DAY), rounds=5, warmup_rounds=1, iterations=1
    )
    benchmark.extra_info["obligations"] = sum(len(c.obligations) for c in edition.criteria)


def _seconds(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([*MRA, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def test_the_whole_process(benchmark, tmp_path: Path):
    """`mra compare eu-aeo --out r.xlsx`: target at most 2.0 s and 200 MB; reference: `mra --version`."""
    command = ("compare", "eu-aeo", "--out", str(tmp_path / "r.xlsx"))
    benchmark.pedantic(_seconds, command, rounds=5, warmup_rounds=1)
    benchmark.extra_info["peak_megabytes"] = round(peak_of([*MRA, *command]))
    bare = median(_seconds("--version") for _ in range(3))
    benchmark.extra_info["bare_start_seconds"] = round(bare, 3)
