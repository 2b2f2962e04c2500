"""The review workbook: what comes back changes just what a reviewer decided, or nothing."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from criteria.problems import MraError
from jobs.reviewing import apply_review, export_review, plan_review
from mappings.library import load_library
from mappings.model import Map, NoControl
from tests.jobs.test_importing import imported

AT = "2026-11-24T08:00:00Z"


@pytest.fixture
def workspace(tmp_path):
    imported(tmp_path / "w")
    return tmp_path / "w"


def maps_of(workspace, obligation) -> tuple[Map, ...]:
    entry = load_library(workspace).maps_of("fd-aeo-2025").maps[obligation]
    assert isinstance(entry, tuple)
    return entry


def exported(workspace, tmp_path):
    library = load_library(workspace)
    export_review(library, library.edition("fd-aeo-2025"), tmp_path / "r.xlsx")
    return tmp_path / "r.xlsx"


def edited(path, edit) -> bytes:
    book = load_workbook(path)
    sheet = book["Review"]
    columns = {cell.value: cell.column for cell in sheet[4]}
    edit(sheet, columns)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def planned(workspace, data):
    return plan_review(load_library(workspace), data, "r.xlsx", "Ann", AT)


@pytest.mark.parametrize("edition", ["fd-aeo-2025", "nz-ses", "ctpat"])
def test_export_and_apply_without_edits_changes_nothing(workspace, tmp_path, edition):
    library = load_library(workspace)
    count = export_review(library, library.edition(edition), tmp_path / "r.xlsx")
    plan = planned(workspace, (tmp_path / "r.xlsx").read_bytes())
    assert (plan.reviews, plan.problems, plan.unchanged) == ((), (), count)


def test_an_accepted_map_counts_and_a_rejected_one_does_not(workspace, tmp_path):
    def edit(sheet, columns):
        sheet.cell(5, columns["Decision"]).value = "accept"
        sheet.cell(5, columns["Rationale"]).value = "both ask for a written assessment"
        sheet.cell(6, columns["Decision"]).value = "reject"

    plan = planned(workspace, edited(exported(workspace, tmp_path), edit))
    assert not plan.problems
    assert apply_review(workspace, plan)
    states = [one.status for one in maps_of(workspace, "1.1.a")]
    assert states[:2] == ["approved", "rejected"]


def test_a_map_can_be_added_and_an_obligation_can_be_said_to_fit_no_control(workspace, tmp_path):
    def edit(sheet, columns):
        row = sheet.max_row - 1
        for title, value in (
            ("Obligation", "3.1.a"), ("Control", "access.visitor_photo_id"), ("Relationship", "equal-to"),
            ("Rationale", "photo ID on arrival is what the control asks"), ("Decision", "accept"),
        ):  # fmt: skip
            sheet.cell(row, columns[title]).value = value

    library = load_library(workspace)
    assert "access.visitor_photo_id" in library.controls
    plan = planned(workspace, edited(exported(workspace, tmp_path), edit))
    assert not plan.problems
    apply_review(workspace, plan)
    maps = maps_of(workspace, "3.1.a")
    assert ("access.visitor_photo_id", "approved") in [(one.control, one.status) for one in maps]


@pytest.mark.parametrize(
    ("title", "value", "code", "field"),
    [
        ("Decision", "perhaps", "unknown_decision", "decision"),
        ("Relationship", "sub-set-of", "unknown_relationship", "relationship"),
        ("Control", "seal.afix", "unknown_control", "control"),
        ("Obligation", "9.9.z", "unknown_obligation", "obligation"),
        ("Rationale", "other words", "decision_missing", "decision"),
        ("Text mark", "0000", "text_changed_since", "obligation"),
    ],
)
def test_a_row_that_cannot_be_applied_is_refused_by_its_cell_and_nothing_is_applied(
    workspace, tmp_path, title, value, code, field
):
    def edit(sheet, columns):
        sheet.cell(5, columns[title]).value = value
        sheet.cell(6, columns["Decision"]).value = "reject"

    plan = planned(workspace, edited(exported(workspace, tmp_path), edit))
    assert [(problem.code, problem.field) for problem in plan.problems] == [(code, field)]
    assert plan.problems[0].cell.startswith("Review!")
    assert plan.problems[0].cell.endswith("5")
    with pytest.raises(MraError, match="Nothing was applied"):
        apply_review(workspace, plan)
    assert not (workspace / "reviews").exists()
    assert apply_review(workspace, plan, partly=True)


def test_a_workbook_without_its_columns_is_refused(workspace, tmp_path):
    def edit(sheet, columns):
        sheet.cell(4, columns["Text mark"]).value = "something else"

    plan = planned(workspace, edited(exported(workspace, tmp_path), edit))
    assert [problem.code for problem in plan.problems] == ["not_a_review"]


def test_decisions_are_appended_and_the_last_one_holds(workspace, tmp_path):
    for decision in ("reject", "accept"):
        plan = planned(
            workspace,
            edited(
                exported(workspace, tmp_path),
                lambda sheet, columns, d=decision: setattr(sheet.cell(5, columns["Decision"]), "value", d),
            ),
        )
        apply_review(workspace, plan)
    library = load_library(workspace)
    assert [review.decision for review in library.reviews] == ["rejected", "approved"]
    assert maps_of(workspace, "1.1.a")[0].status == "approved"


def test_an_approval_turns_stale_when_a_text_changes(workspace, tmp_path):
    plan = planned(
        workspace,
        edited(
            exported(workspace, tmp_path), lambda s, c: setattr(s.cell(5, c["Decision"]), "value", "accept")
        ),
    )
    apply_review(workspace, plan)
    criteria = workspace / "programs" / "fd_aeo" / "2025" / "criteria.yaml"
    criteria.write_text(criteria.read_text().replace("at least once a year", "at least twice a year"))
    assert maps_of(workspace, "1.1.a")[0].status == "stale"


def test_a_workspace_can_ask_for_local_approval_of_the_shipped_maps(workspace):
    (workspace / "workspace.yaml").write_text("require_local_approval: true\n")
    library = load_library(workspace)
    entry = next(e for e in library.maps_of("nz-ses-2024").maps.values() if isinstance(e, tuple) and e)
    assert {one.status for one in entry} == {"proposed"}


def test_a_review_without_a_name_is_refused(workspace):
    with pytest.raises(MraError, match="--by"):
        plan_review(load_library(workspace), b"", "r.xlsx", " ")


def decide(row, **values):
    """Return an edit that fills in cells of a row by their titles."""

    def edit(sheet, columns):
        for title, value in values.items():
            sheet.cell(row, columns[title.replace("_", " ")]).value = value

    return edit


def test_no_control_rejects_the_other_proposals_of_the_obligation(workspace, tmp_path):
    """Else they would wait for ever."""
    edit = decide(6, Decision="no control", Rationale="a matter of customs law, not of security")
    plan = planned(workspace, edited(exported(workspace, tmp_path), edit))
    assert not plan.problems
    apply_review(workspace, plan)
    entry = load_library(workspace).maps_of("fd-aeo-2025").maps["1.1.a"]
    assert isinstance(entry, NoControl)
    assert entry.no_control == "a matter of customs law, not of security"
    assert {review.decision for review in plan.reviews} == {"approved", "rejected"}


def test_why_a_control_was_proposed_is_no_reason_why_none_fits(workspace, tmp_path):
    plan = planned(workspace, edited(exported(workspace, tmp_path), decide(5, Decision="no control")))
    assert [problem.code for problem in plan.problems] == ["rationale_missing"]


def test_decisions_that_contradict_each_other_are_refused_at_their_cells(workspace, tmp_path):
    def edit(sheet, columns):
        decide(5, Decision="accept")(sheet, columns)
        decide(6, Decision="no control", Rationale="nothing fits")(sheet, columns)

    plan = planned(workspace, edited(exported(workspace, tmp_path), edit))
    assert [(one.code, one.cell) for one in plan.problems] == [("decided_twice", "Review!M5")]
    assert "M6" in plan.problems[0].message


def test_a_row_without_control_cannot_be_rejected(workspace, tmp_path):
    edit = decide(5, Control=None, Relationship=None, Decision="reject")
    plan = planned(workspace, edited(exported(workspace, tmp_path), edit))
    assert [one.code for one in plan.problems] == ["control_missing"]


def test_a_workbook_applied_again_decides_nothing_anew(workspace, tmp_path):
    """Nor is a map taken for edited because it was decided since."""
    edit = decide(5, Decision="no control", Rationale="nothing fits, for it is about taxes")
    data = edited(exported(workspace, tmp_path), edit)
    apply_review(workspace, planned(workspace, data))
    again = plan_review(load_library(workspace), data, "r.xlsx", "Bob", "2026-11-25T08:00:00Z")
    assert (again.reviews, again.problems) == ((), ())


def test_rows_put_in_above_the_header_and_moved_columns_do_no_harm(workspace, tmp_path):
    def edit(sheet, columns):
        decide(5, Decision="accept")(sheet, columns)
        sheet.insert_rows(1, 2)

    plan = planned(workspace, edited(exported(workspace, tmp_path), edit))
    assert ([one.decision for one in plan.reviews], plan.problems) == (["approved"], ())
