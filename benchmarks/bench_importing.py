"""Reading, checking and normalising a spreadsheet beside the bare reader, and suggestions for it.

Each benchmark times the bare openpyxl reader on the same file in the same run and notes it with the ratio, so
that a slow machine is seen as one.
"""

from __future__ import annotations

import gc
import io
import random
import sys
import time

import openpyxl
import pytest

from benchmarks.memory import peak_of
from criteria.model import Edition
from jobs.import_rows import Rows, read_rows
from jobs.proposing import obligation_texts, suggestions_for
from workbooks.extracting import extract
from workbooks.layouts import propose
from workbooks.reading import read

HEADER = ("No.", "Chapter", "Requirement", "Level", "Applies to", "Evidence", "Notes", "Translation")
CHAPTERS = ("Risk assessment", "Business partners", "Seal security", "Physical security", "Training")
THINGS = ("containers", "seals", "visitors", "employees", "suppliers", "passwords", "documents", "cameras")
DUTIES = (
    "must be checked",
    "shall be recorded",
    "should be inspected",
    "must be sealed",
    "are to be verified",
)
SUGGESTED = 300


def spreadsheet(rows: int) -> bytes:
    """Return a workbook with this many criteria in eight columns; the same every time."""
    chance = random.Random(1)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADER)
    for number in range(rows):
        text = (
            f"All {chance.choice(THINGS)} and {chance.choice(THINGS)} {chance.choice(DUTIES)} by the guard "
            f"at least every {chance.randint(1, 24)} months, and records are kept for "
            f"{chance.randint(1, 7)} years ({number})."
        )
        level, operators = (
            chance.choice(("Must", "Should", "May")),
            chance.choice(("All", "Importer, exporter")),
        )
        sheet.append(
            [f"{number // 50 + 1}.{number % 50 + 1}", CHAPTERS[number * 5 // rows], text, level, operators,
             "seen on site", "see the guide", f"In English: {text}"]
        )  # fmt: skip
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def bare(data: bytes) -> float:
    """Return the seconds that openpyxl alone takes to give every value."""
    start = time.perf_counter()
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, rich_text=True)
    for sheet in book.worksheets:
        for row in sheet.iter_rows(values_only=True):
            tuple(row)
    return time.perf_counter() - start


def imported(data: bytes, library) -> Rows:
    """Read, check and normalise a file: everything of an import but the maps."""
    workbook = read(data, "big.xlsx")
    extraction = extract(workbook, propose(workbook))
    return read_rows(extraction.criteria, library.programs["nz-ses"], "upload")


@pytest.mark.parametrize(("rows", "rounds"), [(1_000, 5), (10_000, 2)])
def test_read_checked_and_normalised(benchmark, library, rows, rounds):
    """Targets, warm: 1,000 rows in at most 0.8 s, 10,000 rows in at most 5 s."""
    data = spreadsheet(rows)
    found = benchmark.pedantic(imported, (data, library), rounds=rounds, warmup_rounds=1)
    alone = min(bare(data) for _ in range(rounds))
    benchmark.extra_info["criteria"] = len(found.criteria)
    benchmark.extra_info["bare_openpyxl_seconds"] = round(alone, 3)
    benchmark.extra_info["ratio"] = round(benchmark.stats.stats.median / alone, 1)


LIBRARY = "from mappings.library import load_library; library = load_library()"
IMPORT = f"""
import sys
from pathlib import Path
from benchmarks.bench_importing import imported
{LIBRARY}
imported(Path(sys.argv[1]).read_bytes(), library)
"""


def test_memory_for_ten_thousand_rows(benchmark, tmp_path):
    """Target: at most 250 MB, the library and the reading child included, as they stand at one moment."""
    (tmp_path / "big.xlsx").write_bytes(spreadsheet(10_000))
    command = [sys.executable, "-c", IMPORT, str(tmp_path / "big.xlsx")]
    together = benchmark.pedantic(peak_of, (command,), rounds=1)
    benchmark.extra_info["peak_megabytes"] = round(together)
    benchmark.extra_info["library_megabytes"] = round(peak_of([sys.executable, "-c", LIBRARY]))


def test_suggestions_for_three_hundred_obligations(benchmark, library):
    """Target: at most 2 s over the catalogue, after the method is loaded."""
    rows = imported(spreadsheet(SUGGESTED), library)
    edition = Edition.model_validate(
        {
            "key": "nz-ses-bench", "program": "nz-ses", "title": "Benchmark", "in_force": {},
            "read": "made up", "direction": "export", "completeness": {"default": "full"},
            "criteria": tuple(rows.criteria),
        }
    )  # fmt: skip
    names = [text.id for text in obligation_texts(edition)]
    made = benchmark.pedantic(suggestions_for, (library, edition, names), rounds=3, warmup_rounds=1)
    gc.collect()
    benchmark.extra_info["obligations"] = len(names)
    benchmark.extra_info["controls"] = len(library.controls)
    benchmark.extra_info["method"] = made[0].version
