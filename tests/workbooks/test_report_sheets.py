"""What every report has, whatever it says: every criterion once, links that lead somewhere, print set-up."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import date, datetime

import pytest

from engine.findings import VERDICTS
from tests.builders import (
    AS_OF,
    AWAY_CRITERIA,
    HOME_CRITERIA,
    shipped_policy,
    small_comparison,
    small_library,
)
from tests.workbooks.report_reading import bytes_of, opened, report_bytes, table, used_cells
from workbooks.report import MARKINGS
from workbooks.report.content import Content
from workbooks.report.prerequisites import arrangement_rows
from workbooks.report.words import word

SHEETS = [
    "Summary",
    "Program profiles",
    "Side by side",
    "Validation procedures",
    "Gaps",
    "Beyond Home",
    "Operator types",
    "Obligations",
    "Prerequisites and notes",
    "Method",
    "Sources",
    "Lists",
]


@pytest.fixture(scope="module")
def content():
    return report_bytes(marking="FOR THE DELEGATION ONLY & NOBODY ELSE")


@pytest.fixture(scope="module")
def workbook(content):
    return opened(content)


def test_the_sheets_stand_in_the_order_of_their_use(workbook):
    assert workbook.sheetnames == SHEETS


def test_no_cell_holds_a_formula(workbook):
    assert [cell.coordinate for cell in used_cells(workbook) if cell.data_type == "f"] == []


def test_the_marking_is_on_every_sheet_and_every_page(workbook):
    for sheet in workbook.worksheets:
        assert sheet["A1"].value == "FOR THE DELEGATION ONLY & NOBODY ELSE"
        for part in (sheet.oddHeader.center, sheet.oddFooter.center):
            assert "FOR THE DELEGATION ONLY && NOBODY ELSE" in part.text


def test_without_a_marking_the_audience_decides():
    for audience, marking in MARKINGS.items():
        assert opened(report_bytes(audience=audience))["Summary"]["A1"].value == marking


def test_every_baseline_criterion_stands_exactly_once(workbook):
    rows = [*table(workbook, "Side by side"), *table(workbook, "Validation procedures")]
    assert [row["Criterion"] for row in rows] == [one.ref for one in HOME_CRITERIA]
    assert {row["Category"] for row in table(workbook, "Validation procedures")} == {"Validation procedures"}


def test_a_verdict_stands_by_word_and_by_colour(workbook):
    sheet = workbook["Side by side"]
    shown = {cell.value: cell.fill.fgColor.rgb for cell in sheet["F"][4:]}
    validated = {cell.value for cell in workbook["Validation procedures"]["F"][4:]}
    assert set(shown) | validated == {word("verdicts", verdict) for verdict in VERDICTS}
    assert len(set(shown.values())) == len(shown)


def test_both_texts_stand_beside_each_other_with_reference_and_language(workbook):
    [row] = [row for row in table(workbook, "Side by side") if row["Criterion"] == "7.1"]
    assert row["Home: what is asked for"] == "Subject 7.1\ndrivers are trained."
    assert row["Away: what was found"].startswith(
        "A8 (must, program rule, translated from Japanese): drivers are trained"
    )


def test_an_original_text_stands_below_its_translation(workbook):
    [row] = [row for row in table(workbook, "Side by side") if row["Criterion"] == "7.1"]
    assert "\nOriginal (Japanese): 運転手は訓練を受ける" in row["Away: what was found"]


def test_what_is_only_proposed_says_that_it_does_not_count(workbook):
    [row] = [row for row in table(workbook, "Side by side") if row["Criterion"] == "3.3"]
    assert row["Verdict"] == "Not reviewed"
    assert "not counted" in row["Away: what was found"]


def test_every_gap_has_a_question_and_a_site_check_and_the_gravest_comes_first(workbook):
    rows = table(workbook, "Gaps")
    assert [row["Severity"] for row in rows][:2] == ["Critical", "Critical"]
    assert [row["Criterion"] for row in rows][:2] == ["3.1", "5.1"]  # 5.1 is not counted in N
    assert all(row["To look at on the joint visit"] for row in rows)
    assert all(row["Question to the other side"] or row["Our own work first"] for row in rows)


def test_the_other_direction_holds_every_class(workbook):
    found = {row["Reference"]: row["Class"] for row in table(workbook, "Beyond Home")}
    assert found == {
        "X1": "Legal limit",
        "X2": "Beyond",
        "A6": "Unmapped",
        "X5": "Unmapped",
        "X3": "Out of scope",
        "X4": "Background",
    }


def test_an_operator_type_that_was_not_read_is_marked(workbook):
    [row] = [row for row in table(workbook, "Operator types") if row["Criterion"] == "2.2"]
    assert row["Exporter"].endswith("(?)")
    assert not row["Importer"].endswith("(?)")


def test_every_source_says_how_far_it_was_read_and_which_findings_use_it(workbook):
    rows = table(workbook, "Sources")
    talk = next(row for row in rows if row["Document"] == "A talk on Away")
    assert talk["Read through, and notes"] == "Via a blog."
    assert talk["How far it was read"] == "unverified: 1"
    assert talk["Criteria whose findings use it"] == "4.2"
    assert {row["Program"] for row in rows} == {"Home", "Away"}


def test_counts_are_numbers_shown_as_n_of_n(workbook):
    sheet = workbook["Summary"]
    row = next(row for row in sheet.iter_rows() if row[0].value == "All security criteria")
    assert sum(cell.value for cell in row[1 : 1 + len(VERDICTS)]) == 14
    assert {cell.number_format for cell in row[1 : 1 + len(VERDICTS)]} == {'0" of 14"'}


def test_every_link_leads_to_a_cell_that_holds_something(workbook):
    links = [
        (sheet.title, link.location)
        for sheet in workbook.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if (link := cell.hyperlink)
    ]
    assert len(links) > 50
    for place in links:
        name, _, cell = place[1].partition("!")
        assert workbook[name.strip("'")][cell].value is not None or (name, cell) == ("'Summary'", "A1"), place


def test_links_lead_to_the_row_they_name(workbook):
    gaps, side = workbook["Gaps"], workbook["Side by side"]
    for row in gaps.iter_rows(min_row=5):
        name, _, cell = row[2].hyperlink.location.partition("!")
        assert workbook[name.strip("'")][cell].value == row[2].value
    for row in side.iter_rows(min_row=5):
        link = (
            next(cell.hyperlink for cell in row if cell.value == "Gap →")
            if any(c.value == "Gap →" for c in row)
            else None
        )
        if link:
            found = link.location.partition("!")[2]
            assert gaps[found].row in {cell.row for cell in gaps["C"] if cell.value == row[0].value}
        _, _, place = row[0].hyperlink.location.partition("!")
        assert workbook["Obligations"][place].value == row[0].value


def test_every_row_that_holds_something_has_its_height(workbook):
    for cell in used_cells(workbook):
        dimension = workbook[cell.parent.title].row_dimensions[cell.row]
        assert dimension.height is not None, (cell.parent.title, cell.row)
        assert dimension.height <= 409


def test_tables_have_filter_frozen_header_and_print_titles(workbook):
    for sheet in workbook.worksheets:
        assert sheet.freeze_panes, sheet.title
        assert sheet.page_setup.orientation == ("portrait" if sheet.title == "Lists" else "landscape")
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0
        if sheet.title != "Summary":
            assert sheet.auto_filter.ref.startswith("A4:")
            assert sheet.print_title_rows == "$4:$4"


def test_tables_have_no_empty_row(workbook):
    for sheet in workbook.worksheets:
        if sheet.title != "Summary":
            for row in sheet.iter_rows(min_row=5):
                assert any(cell.value not in (None, "") for cell in row), (sheet.title, row[0].row)


def test_the_columns_for_the_table_are_empty_and_offer_their_list(workbook):
    sheet = workbook["Side by side"]
    rows = table(workbook, "Side by side")
    for title in ("Partner’s response", "Agreed position", "Action", "Owner", "Date"):
        assert {row[title] for row in rows} == {None}
    kinds = {rule.type: rule for rule in sheet.data_validations.dataValidation}
    assert kinds["list"].formula1 == "agreed_positions"
    assert kinds["list"].sqref.ranges
    assert kinds["date"].sqref.ranges
    name = workbook.defined_names["agreed_positions"]
    [(listed, cells)] = name.destinations
    values = [cell.value for [cell] in workbook[listed][cells]]
    assert values[0] == "Same or similar"
    assert None not in values


def test_the_document_has_a_title_and_a_language_and_the_date_of_the_comparison(workbook):
    properties = workbook.properties
    assert properties.title == "Side-by-side comparison: Home 2025 and Away 2025, as of 2026-11-24"
    assert properties.language == "en-US"
    assert properties.created == datetime(AS_OF.year, AS_OF.month, AS_OF.day)  # noqa: DTZ001 - read back without a zone


def test_the_chart_is_told_in_words(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        drawing = archive.read("xl/drawings/drawing1.xml").decode()
    [text] = re.findall(r'descr="([^"]*)"', drawing)
    assert "Security vision and responsibility (2): 1 exceeds, 1 meets" in text


def test_the_same_comparison_gives_the_same_bytes():
    assert report_bytes() == report_bytes()


def test_a_comparison_without_gaps_or_validation_says_so():
    library, comparison = small_comparison()
    met = tuple(f for f in comparison.findings if f.verdict == "meets" and f.category != "validation")
    workbook = opened(bytes_of(library, replace(comparison, findings=met, reverse=())))
    assert workbook["Gaps"]["A5"].value == "No gap was found."
    assert workbook["Validation procedures"]["A5"].value == "No criterion in this track."
    assert workbook["Beyond Home"]["A5"].value.startswith("Every clause answers something")


def test_method_prints_the_policy_in_force_row_by_row(workbook):
    parts = Counter(row["Part"] for row in table(workbook, "Method"))
    for name in ("outcome", "verdict", "severity", "prerequisite", "recommendation"):
        assert parts[f"Policy table: {name}"] > 3


def test_progress_names_each_sheet_as_it_is_written():
    seen = []
    report_bytes(progress=lambda name, number, total: seen.append((name, number, total)))
    assert [name for name, _, _ in seen] == SHEETS
    assert seen[-1][1:] == (len(SHEETS), len(SHEETS))


def test_nothing_of_the_foreign_side_is_lost(workbook):
    text = "\n".join(str(cell.value) for cell in used_cells(workbook))
    for one in AWAY_CRITERIA:
        assert one.ref in text


def test_what_is_set_aside_is_not_called_missing(workbook):
    rows = {row["Criterion"]: row for row in table(workbook, "Side by side")}
    for ref, there in (("4.1", "Does not apply there."), ("6.1", "Not compared.")):
        assert rows[ref]["Missing there"] is None
        assert rows[ref]["Away: what was found"] == there


def test_a_policy_of_ones_own_is_printed_and_an_unknown_one_is_not_made_up(workbook):
    library, comparison = small_comparison()
    other = replace(comparison, policy={"name": "ours", "digest": "0" * 64})
    unknown = table(opened(bytes_of(library, other)), "Method")
    assert not [row for row in unknown if row["Part"].startswith("Policy table")]
    assert next(row for row in unknown if row["Item"] == "Policy")["What it says"].startswith("ours (")
    given = table(opened(bytes_of(library, other, policy=shipped_policy())), "Method")
    assert [row for row in given if row["Part"] == "Policy table: verdict"]


def test_the_arrangement_between_both_sides_is_told_as_of_the_date():
    library = small_library(home_key="ctpat", away_key="nz-ses")
    _, comparison = small_comparison(library)
    for day, state in ((date(2005, 1, 1), "None known"), (date(2010, 1, 1), "Signed")):
        rows = list(arrangement_rows(Content(replace(comparison, as_of=day), library, {}, "own")))
        assert getattr(rows[0][2], "value", "") == state
    assert any("Japan and New Zealand" in str(row[1]) for row in rows)


def test_no_table_names_two_columns_alike(workbook):
    for sheet in workbook.worksheets:
        if sheet.title != "Summary":
            titles = [cell.value for cell in sheet[4] if cell.value]
            assert len(titles) == len(set(titles)), sheet.title
