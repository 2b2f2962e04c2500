"""`mra import` and `mra review` as an analyst meets them: what is printed, the JSON, the exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

from api.cli import main
from tests.api.test_cli import ROOT, run
from tests.jobs.sheets import criteria_sheet

NEW = ("--program", "fd-aeo", "--name", "Freedonia AEO", "--country", "Freedonia", "--edition", "2025")
RESULT = ["program", "edition", "sheets", "criteria", "obligations", "problems", "applied"]
SHEET = ["name", "header_row", "layout", "rows", "skipped"]
DUTCH = [("X-1", "Bezoekers dragen een badge."), ("X-2", "Zegels volgens ISO 17712.")]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """An analyst's folder with three files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.xlsx").write_bytes(criteria_sheet())
    (tmp_path / "nl.xlsx").write_bytes(criteria_sheet(DUTCH, ("Zorg", "Voorwaarde")))
    (tmp_path / "scan.xlsx").write_bytes(b"%PDF-1.7 nothing here")
    return tmp_path


def told(capsys, *arguments: str) -> tuple[int, str]:
    """Run a command here; return its exit code and what it prints."""
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(left.value.code or 0), capsys.readouterr().out


def test_the_json_of_an_import_has_these_keys_and_no_others(desk, capsys):
    code, out = told(capsys, "import", "f.xlsx", *NEW, "--json")
    made = json.loads(out)
    assert (code, list(made), made["applied"]) == (0, RESULT, True)
    assert [list(one) for one in made["sheets"]] == [SHEET, SHEET]
    assert made["sheets"][1] == {
        "name": "Criteria", "header_row": 3, "layout": "detected", "rows": 4, "skipped": None,
    }  # fmt: skip
    assert (made["criteria"], made["obligations"]) == (4, 5)


def test_the_text_of_an_import_says_what_became_of_every_row_and_what_to_do_next(desk, capsys):
    _, out = told(capsys, "import", "f.xlsx", *NEW, "--workspace", "mine")
    assert "1 title, 1 header" in out
    assert "Columns of Criteria (detected): A ref, B category, C requirement, D strength" in out
    assert "mra review fd-aeo-2025 --export review.xlsx --workspace mine" in out


def test_a_refused_file_gives_exit_code_1_and_nothing_but_its_problem(desk, capsys):
    code, out = told(capsys, "import", "scan.xlsx", *NEW)
    assert code == 1
    assert out.startswith("error [pdf_file]")
    assert "criteria," not in out
    assert out.rstrip().endswith("Nothing was written.")
    assert not (desk / "workspace").exists()


def test_a_sheet_without_header_is_imported_once_its_columns_are_named(desk, capsys):
    code, out = told(capsys, "import", "nl.xlsx", *NEW)
    assert (code, "--column B=ref --column D=requirement --header 7" in out) == (1, True)
    named = ("--column", "A=ref", "--column", "B=requirement", "--header", "3")
    code, out = told(capsys, "import", "nl.xlsx", *NEW, *named)
    assert code == 0
    assert "2 criteria" in out


def test_many_problems_of_a_kind_are_counted_and_where_to_see_all_is_said(desk, capsys):
    rows = [(str(n), "Seals", "Doors are locked.", "soso", "All", "") for n in range(20)]
    (desk / "g.xlsx").write_bytes(criteria_sheet(rows))
    _, out = told(capsys, "import", "g.xlsx", *NEW, "--dry-run", "--annotate", "marked.xlsx")
    assert out.count("Criteria!D") == 8
    assert "… and 12 more; --json and --annotate OUT.xlsx have them all" in out
    assert "20 errors, 0 warnings, 1 note" in out
    assert (desk / "marked.xlsx").stat().st_size > 0


def test_a_review_workbook_that_cannot_be_applied_gives_exit_code_1(desk, capsys):
    code, out = told(capsys, "review", "--apply", "f.xlsx", "--by", "Ann")
    assert (code, "error [not_a_review]" in out) == (1, True)


def test_ctrl_c_is_answered_in_a_sentence_and_leaves_no_trace(desk):
    rows = [(str(n), "Seals", f"Seal {n} must be checked daily.", "Must", "All", "") for n in range(1500)]
    (desk / "long.xlsx").write_bytes(criteria_sheet(rows))
    child = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "import", "long.xlsx", *NEW],
        env={"PYTHONPATH": str(ROOT), "PATH": ""}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(2.5)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (130, "mra: stopped. A change is made as a whole or not at all.\n")
    assert not (desk / "workspace").exists()


def test_the_help_of_import_names_the_options_for_corrections(desk):
    out = run(desk, "import", "--help")
    assert all(option in out for option in ("--column", "--header", "--strength", "--layout", "--annotate"))
