"""The command line: every command really run, what it prints, and what it says when something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from api.cli import main

ROOT = Path(__file__).parents[2]
ROWS = """Reference,Category,Requirement,Strength,Operators
1.1,Seal security,"Exporters must affix high security seals to every container.",must,exporter
1.2,Physical security,"Fences should be inspected every 6 months.",should,exporter
"""
VERDICTS = {
    "exceeds",
    "meets",
    "partly_meets",
    "no_counterpart",
    "not_evidenced",
    "not_reviewed",
    "not_applicable",
    "out_of_scope",
}
# The keys of the JSON output, which other programs rely on.
COMPARISON = """id as_of scope policy versions baseline foreign summary categories operators conclusion
    prerequisites findings reverse warnings"""
FINDING = """criterion title text category strength verdict shortfall provisional reasons common missing extra
    severity if_absent question site_check basis obligations operators evidence"""
EVIDENCE = """provision text strength instrument parameters relationship rationale map_status basis source"""


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    """Run `mra` in a folder as a process of its own; return what it prints, or, with a code, its errors."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MRA_")}
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stderr
    if code == 2:
        assert done.stdout == ""
        return done.stderr
    assert done.stderr == ""
    return done.stdout


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that is refused, here; return what it says on standard error."""
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    shown = capsys.readouterr()
    assert left.value.code == 2
    assert shown.out == ""
    return shown.err


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MRA_WORKSPACE", raising=False)
    return tmp_path


def test_programs_lists_every_program(desk):
    """As a table, and as data of the same rows."""
    rows = json.loads(run(desk, "programs", "--json"))
    assert {"ctpat", "eu-aeo", "nz-ses"} <= {row["key"] for row in rows}
    assert set(rows[0]) == {
        "key", "name", "country", "administration", "editions", "current", "criteria", "obligations", "read",
    }  # fmt: skip
    text = run(desk, "programs")
    assert all(row["key"] in text for row in rows)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """`mra compare nz-ses --out … --json`: its data, and the folder it ran in."""
    folder = tmp_path_factory.mktemp("desk")
    data: dict[str, Any] = json.loads(run(folder, "compare", "nz-ses", "--out", "gap.xlsx", "--json"))
    return data, folder


def test_compare_prints_the_whole_comparison(compared):
    """With the keys that other programs rely on."""
    data, _ = compared
    assert set(data) == set(COMPARISON.split())
    assert (data["baseline"], data["foreign"]) == ("ctpat-2020", "nz-ses-2024")
    assert {"criteria", "validation", "overall", "tallies", "rules"} <= set(data["conclusion"])
    counts = {key: n for key, n in data["summary"].items() if key in VERDICTS}
    assert sum(counts.values()) == data["summary"]["total"] == len(data["findings"])
    assert data["summary"]["provisional"] == sum(one["provisional"] for one in data["findings"])
    assert set(data["reverse"][0]) >= {"provision", "text", "class"}


def test_every_finding_tells_how_it_follows(compared):
    """Obligations, operators and evidence, each with its parts."""
    data, _ = compared
    for finding in data["findings"]:
        assert set(FINDING.split()) <= set(finding)
        assert finding["verdict"] in VERDICTS
        assert set(finding["operators"].values()) <= VERDICTS
        assert (finding["severity"] == "clarify") == bool(finding["if_absent"])
        for obligation in finding["obligations"]:
            assert {"id", "text", "strength", "outcome", "path", "reasons"} <= set(obligation)
        for evidence in finding["evidence"]:
            assert set(EVIDENCE.split()) <= set(evidence)
    references = {finding["criterion"] for finding in data["findings"]}
    assert {"1.1", "3.9", "6.2", "9.8", "12.10"} <= references


def test_compare_writes_the_report_and_nothing_else(compared):
    """No part file and no workspace is left behind."""
    _, folder = compared
    assert [path.name for path in folder.iterdir()] == ["gap.xlsx"]
    assert (folder / "gap.xlsx").read_bytes().startswith(b"PK")


def test_compare_prints_a_summary_for_people(desk):
    """Every count with what it is of; the recommendation is called one."""
    text = run(desk, "compare", "nz-ses", "--operator", "exporter", "--as-of", "2024-06-30")
    assert "as of 2024-06-30" in text
    assert "(a recommendation, not a decision)" in text
    assert " of " in text


def test_explain_tells_the_chain(desk):
    """From the obligation over control, provisions and rules to the verdict, with sources."""
    text = run(desk, "explain", "nz-ses", "6.2")
    for part in (
        "ctpat-2020 6.2",
        "Verdict: ",
        "Obligation 6.2.a",
        "the control seal.",
        "rules fired: ",
        "source: ",
    ):
        assert part in text
    data = json.loads(run(desk, "explain", "nz-ses", "6.2", "--json"))
    assert set(data) == {"baseline", "foreign", "as_of", "finding", "policy", "lines"}


def test_matrix_counts_every_program(desk):
    """One cell per pair of editions."""
    data = json.loads(run(desk, "matrix", "--json"))
    assert data["baselines"] == ["ctpat-2020"]
    assert {cell["foreign"] for cell in data["cells"]} >= {"eu-aeo-2016", "nz-ses-2024"}


def test_diff_tells_what_changed_between_editions(desk):
    """Counts by change, and every change with both texts."""
    data = json.loads(run(desk, "diff", "ctpat-2006", "ctpat-2020", "--json"))
    assert (data["old"], data["new"]) == ("ctpat-2006", "ctpat-2020")
    assert sum(data["counts"].values()) == len(data["changes"])
    assert {"change", "old", "new", "old_text", "new_text", "stricter", "looser"} <= set(data["changes"][0])


def test_arrangements_are_those_of_the_day(desk):
    """Four were signed by May 2010."""
    data = json.loads(run(desk, "arrangements", "--as-of", "2010-05-01", "--json"))
    signed = [row["partner"] for row in data["arrangements"] if row["state"] == "signed"]
    assert sorted(signed) == ["Canada", "Japan", "Jordan", "New Zealand"]
    assert "New Zealand" in run(desk, "arrangements", "--as-of", "2010-05-01")


def test_lint_finds_no_error_in_the_shipped_library(desk):
    """Warnings and notes do not change the exit code."""
    problems = json.loads(run(desk, "lint", "--json"))
    assert {problem["severity"] for problem in problems} <= {"warning", "note"}


def test_lint_leaves_with_1_where_there_is_an_error(desk):
    """And names file, line, key and cure."""
    (desk / "mine/controls").mkdir(parents=True)
    (desk / "mine/controls/seal.yaml").write_text(
        "controls:\n- {id: seal.mine, name: Mine, category: seel, definition: Mine.}\n", encoding="utf-8"
    )
    text = run(desk, "lint", "mine", code=1)
    assert 'seal.yaml:2:category: "seel" is not a known category. Did you mean seal?' in text


def test_library_prints_the_page_of_the_library(desk):
    """Or writes it."""
    page = run(desk, "library")
    run(desk, "library", "--out", "page.md")
    assert (desk / "page.md").read_text(encoding="utf-8") == page
    assert "ctpat-2020" in page


def test_a_spreadsheet_from_import_to_undo(desk):
    """Import, what is proposed, a review workbook, a comparison, and back again."""
    (desk / "zz.csv").write_text(ROWS, encoding="utf-8")
    owner = ("--name", "Zz AEO", "--country", "ZZ", "--administration", "Customs of Zz", "--edition", "2026")
    made = json.loads(run(desk, "import", "zz.csv", "--program", "zz-aeo", *owner, "--json"))
    assert (made["edition"], made["criteria"], made["applied"]) == ("zz-aeo-2026", 2, True)

    suggested = json.loads(run(desk, "suggest", "zz-aeo", "--all", "--method", "lexical", "--json"))
    assert suggested
    compared = json.loads(run(desk, "compare", "zz-aeo", "--json"))
    assert compared["foreign"] == "zz-aeo-2026"
    assert not {"meets", "exceeds", "partly_meets"} & set(compared["summary"])

    exported = json.loads(run(desk, "review", "zz-aeo", "--export", "review.xlsx", "--json"))
    assert exported["rows"] > 0
    assert [row["number"] for row in json.loads(run(desk, "history", "--json"))] == [1]
    undone = json.loads(run(desk, "undo", "--json"))
    assert undone["what"] == "undo 1: import zz-aeo-2026 from zz.csv"
    assert "zz-aeo" not in run(desk, "programs")
    assert '"zz-aeo" is not a known program or edition.' in run(desk, "compare", "zz-aeo", code=2)


def test_template_writes_a_form_that_imports_without_a_question(desk):
    """Empty, it holds no criterion yet."""
    assert "Form: form.xlsx" in run(desk, "template", "--program", "nz-ses", "--out", "form.xlsx")
    assert (desk / "form.xlsx").stat().st_size > 0


# A command line with what is said about it.
WRONG = {
    "compare nzses": '"nzses" is not a known program or edition. Did you mean nz-ses, nz-ses-2024?',
    "compare nz-ses --baseline ctpatt": '"ctpatt" is not a known program or edition. Did you mean ctpat',
    "compare nz-ses --operator exporte": '"exporte" is not a known operator type. Did you mean exporter',
    "compare nz-ses --as-of 2010-13-01": '"2010-13-01" is not a date. Write it as YYYY-MM-DD',
    "compare nz-ses --audience partners": '"partners" is not an audience. Use own or partner.',
    "compare nz-ses --policy none": "the policy file cannot be read: No such file or directory.",
    "explain nz-ses 6.22": '"6.22" is not a known criterion of ctpat-2020. Did you mean 6.2',
    "explain nz-se 6.2": '"nz-se" is not a known program or edition. Did you mean nz-ses',
    "diff ctpat-2006 ctpat-2021": '"ctpat-2021" is not a known program or edition. Did you mean ctpat-2020',
    "matrix --baseline ctpt": '"ctpt" is not a known program or edition. Did you mean ctpat',
    "arrangements --as-of yesterday": '"yesterday" is not a date.',
    "lint none": "none is not a folder. Name a workspace folder",
    "undo": "There is nothing to undo in workspace.",
    "template --program nzses --out x.xlsx": '"nzses" is not a known program. Did you mean nz-ses?',
    "import none.xlsx --program nz-ses": "none.xlsx cannot be read: No such file or directory.",
    "review --apply none.xlsx": "none.xlsx cannot be read: No such file or directory.",
    "review": "Say mra review EDITION --export W.xlsx",
    "suggest nzses": '"nzses" is not a known program or edition. Did you mean nz-ses',
    "library --out none/page.md": "none/page.md cannot be written: No such file or directory.",
}


@pytest.mark.parametrize(("arguments", "text"), list(WRONG.items()), ids=list(WRONG))
def test_a_wrong_name_or_value_gives_the_nearest_valid_ones(desk, capsys, arguments, text):
    """On standard error with exit code 2; nothing is printed and nothing left behind."""
    told = said(capsys, *arguments.split())
    assert told.startswith("mra: ")
    assert text in told
    assert "Traceback" not in told
    assert list(desk.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "nz-ses", "--out"],
        ["matrix", "--out"],
        ["diff", "ctpat-2006", "ctpat-2020", "--out"],
        ["template", "--program", "nz-ses", "--out"],
        ["review", "nz-ses", "--export"],
    ],
    ids=lambda value: value[0],
)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("none/r.xlsx", 'The folder "none" does not exist. Create it, or choose another.'),
        ("report.pdf", '"report.pdf" must end in .xlsx'),
        ("folder.xlsx", '"folder.xlsx" is a folder. Name a file in it.'),
    ],
)
def test_an_output_that_cannot_be_written_is_said_before_the_work(
    desk, capsys, monkeypatch, arguments, name, text
):
    """The library is not even read."""
    (desk / "folder.xlsx").mkdir()
    monkeypatch.setattr("mappings.library.load_library", lambda *_: pytest.fail("work was begun"))
    assert text in said(capsys, *arguments, name)
    assert [path.name for path in desk.iterdir()] == ["folder.xlsx"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["compar", "nz-ses"], "No such command 'compar'. Did you mean 'compare'?"),
        (["compare"], "Missing argument 'FOREIGN'."),
        (["compare", "nz-ses", "--operater", "x"], "No such option: --operater"),
    ],
)
def test_a_misspelt_command_or_option_is_told(desk, capsys, arguments, text):
    """By the parser of the command line, with exit code 2 as well."""
    assert text in said(capsys, *arguments)


def test_a_broken_workspace_tells_every_problem(desk, capsys):
    """Each on a line of its own, with its file."""
    (desk / "workspace/controls").mkdir(parents=True)
    (desk / "workspace/controls/a.yaml").write_text("controls:\n- {id: a}\n", encoding="utf-8")
    (desk / "workspace/workspace.yaml").write_text("require_approval: true\n", encoding="utf-8")
    lines = said(capsys, "compare", "nz-ses").splitlines()
    assert len([line for line in lines if "a.yaml:2" in line and "is missing. Add it." in line]) == 3
    assert any(
        '"require_approval" is not a key here. Did you mean require_local_approval?' in line for line in lines
    )
    assert all(line.startswith("mra: ") for line in lines)


def test_compare_never_loads_the_web_framework_the_database_or_the_job_engine(desk):
    """They are for the service only."""
    code = (
        "import sys; from api.cli import main\n"
        "try: main(['compare', 'nz-ses', '--json'])\n"
        "except SystemExit: pass\n"
        "heavy = {'fastapi', 'sqlalchemy', 'dbos', 'uvicorn', 'alembic'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=desk, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stderr.strip() == "[]"
