"""What a report for the partner leaves out: severity, recommendation, site checks, and our own work."""

from __future__ import annotations

import io
import zipfile

import pytest

from engine.findings import SEVERITIES
from tests.builders import AWAY_CRITERIA, HOME_CRITERIA, small_comparison
from tests.workbooks.report_reading import opened, report_bytes, table, used_cells
from workbooks.report.content import split_question
from workbooks.report.words import word, words

FORBIDDEN = (
    "severity",
    "recommend",
    "site check",
    "joint visit, ",
    "if absent",
    "gravest",
    "internal",
    "critical",
    "clarify",
)


@pytest.fixture(scope="module")
def content():
    return report_bytes(audience="partner")


def test_no_word_of_the_forbidden_kinds_is_anywhere_in_the_file(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        everything = "\n".join(
            archive.read(name).decode("utf-8", "replace") for name in archive.namelist()
        ).lower()
    for phrase in FORBIDDEN:
        assert phrase not in everything, phrase


def test_no_cell_names_a_severity_or_a_recommendation(content):
    names = {word("severities", key) for key in SEVERITIES} - {"None"}
    names |= {entry["name"] for entry in words()["recommendations"].values()}
    found = {str(cell.value) for cell in used_cells(opened(content))}
    assert not names & found


def test_no_site_check_text_is_left(content):
    everything = "\n".join(str(cell.value) for cell in used_cells(opened(content)))
    for one in HOME_CRITERIA:
        assert one.look_for not in everything


def test_gaps_stand_in_the_order_of_the_baseline(content):
    found = [row["Criterion"] for row in table(opened(content), "Gaps")]
    order = [one.ref for one in HOME_CRITERIA]
    assert found == sorted(found, key=order.index)


def test_verdicts_and_questions_stay(content):
    workbook = opened(content)
    assert len(table(workbook, "Side by side")) + len(table(workbook, "Validation procedures")) == len(
        HOME_CRITERIA
    )
    assert all(row["Verdict"] for row in table(workbook, "Side by side"))
    [row] = [row for row in table(workbook, "Gaps") if row["Criterion"] == "3.1"]
    assert "high-security seals are used" in row["Question to the other side"]


def test_method_leaves_out_the_tables_of_severity_and_recommendation(content):
    parts = {row["Part"] for row in table(opened(content), "Method")}
    assert "Policy table: verdict" in parts
    assert not parts & {
        "Policy table: severity",
        "Policy table: recommendation",
        "Severity",
        "Recommendation",
    }


def test_colours_of_severities_are_not_used(content):
    from workbooks.report.styles import SEVERITY_FILL

    fills = {cell.fill.fgColor.rgb for cell in used_cells(opened(content))}
    assert not {f"FF{SEVERITY_FILL[key][1:]}" for key in ("critical", "high", "medium", "low")} & fills


def test_our_own_work_is_taken_out_of_a_question():
    question = (
        "On “a”: Is it so? (internal) Review the proposed map.\n"
        "On “b”: (internal) Compare the two texts and record a direct map."
    )
    assert split_question(question) == (
        "On “a”: Is it so?",
        "Review the proposed map.\nCompare the two texts and record a direct map.",
    )


def test_every_question_of_the_small_comparison_is_free_of_our_own_work():
    _, comparison = small_comparison()
    asked = [split_question(finding.question)[0] for finding in comparison.findings]
    assert not any("internal" in text for text in asked)
    assert any(split_question(finding.question)[1] for finding in comparison.findings)
    assert len(AWAY_CRITERIA) > 10
