"""Layouts are proposed, named by the analyst, saved, and reused where the same headers return."""

from __future__ import annotations

import pytest

from criteria.problems import DataError
from tests.workbooks.builders import CRITERIA, xlsx
from workbooks.layout_files import load_layouts, save_layouts
from workbooks.layouts import Layout, LayoutColumn, propose
from workbooks.named_columns import name_columns
from workbooks.reading import read

TEXT = "The operator seals every container before it leaves the premises."
FOREIGN = [
    ["Kodo", "Teksto", "Grado"],
    ["1.1", TEXT, "must"],
    ["1.2", TEXT + " Always.", "should"],
    ["1.3", TEXT, "must"],
]


def book(**sheets):
    """Return a workbook read from a real file."""
    return read(xlsx(sheets), "partner.xlsx")


def named() -> Layout:
    """Return a layout that an analyst named."""
    layout, _ = name_columns(book(Criteria=FOREIGN), "Criteria", {"A": "ref", "B": "requirement"}, 1)
    assert layout is not None
    return layout


def test_each_sheet_gets_a_layout_or_a_reason():
    found = propose(book(Cover=[["AEO program"]], Criteria=CRITERIA, Empty=[], Lists=[["must"], ["should"]]))
    assert [layout.sheet for layout in found.layouts] == ["Criteria"]
    assert found.layouts[0].header_rows == (2,)
    assert list(found.skipped) == ["Cover", "Empty", "Lists"]
    assert "empty" in found.skipped["Empty"]
    assert {p.code for p in found.problems} == {"sheet_skipped"}


def test_a_change_log_is_no_criteria_sheet_but_one_with_a_full_header_is_read():
    log = [["No", "Description", "Date"], ["1", "a new chapter on seals was added", "2020"]]
    found = propose(book(**{"Change log": log, "Criteria": CRITERIA, "Glossary": CRITERIA}))
    assert [layout.sheet for layout in found.layouts] == ["Criteria", "Glossary"]


def test_a_sheet_without_a_header_says_which_rows_were_tried_and_what_they_hold():
    found = propose(book(Criteria=FOREIGN))
    missing, nothing = found.problems
    assert (missing.code, nothing.code) == ("no_header", "no_criteria")
    assert "rows 1 to 4" in missing.message
    assert "Kodo | Teksto" in missing.message


def test_a_header_with_no_rows_below_is_skipped():
    found = propose(book(Criteria=CRITERIA[:2]))
    assert "no rows below its header in row 2" in found.skipped["Criteria"]


def test_the_analyst_names_the_columns():
    workbook = book(Criteria=FOREIGN)
    layout, problems = name_columns(
        workbook, "Criteria", {"a": "ref", "B": "requirement", "C": "strength"}, 1
    )
    assert layout is not None
    assert not problems
    assert [(c.column, c.field, c.header) for c in layout.columns] == [
        ("A", "ref", "Kodo"), ("B", "requirement", "Teksto"), ("C", "strength", "Grado"),
    ]  # fmt: skip
    assert propose(workbook, given=[layout]).layouts == (layout,)


@pytest.mark.parametrize(
    ("sheet", "columns", "code"),
    [
        ("Criteira", {"B": "requirement"}, "sheet_not_found"),
        ("Criteria", {"B": "requirment"}, "unknown_field"),
        ("Criteria", {"7": "requirement"}, "unknown_column"),
        ("Criteria", {"ZZ": "requirement"}, "unknown_column"),
        ("Criteria", {"A": "ref"}, "no_requirement_column"),
    ],
)
def test_a_mistake_in_naming_columns_is_a_problem_with_the_nearest_names(sheet, columns, code):
    layout, problems = name_columns(book(Criteria=FOREIGN), sheet, columns, 1)
    assert layout is None
    assert problems[0].code == code
    if code in ("sheet_not_found", "unknown_field"):
        assert "Did you mean" in problems[0].message


def test_only_the_sheets_asked_for_are_read():
    found = propose(book(Criteria=CRITERIA, Other=CRITERIA), sheets=["Other"])
    assert [layout.sheet for layout in found.layouts] == ["Other"]
    assert found.skipped == {"Criteria": "it was not asked for"}
    assert propose(book(Criteria=CRITERIA), sheets=["Nope"]).problems[0].code == "sheet_not_found"


def test_a_saved_layout_is_reused_where_the_same_headers_return(tmp_path):
    layout = named()
    path = save_layouts(tmp_path, "esperantio", [layout])
    assert path.name == "esperantio.yaml"
    saved = load_layouts(tmp_path, "esperantio")
    moved = [["New title"], ["", "KODO", "teksto ", "Grado"], *(["", *row] for row in FOREIGN[1:])]
    again = propose(book(Kriterioj=moved), saved=saved).layouts[0]
    assert again.source == "saved"
    assert again.header_rows == (2,)
    assert [(c.column, c.field) for c in again.columns] == [("B", "ref"), ("C", "requirement")]


def test_other_headers_are_not_taken_for_the_saved_ones(tmp_path):
    layout = named()
    save_layouts(tmp_path, "x", [layout])
    other = [["Kodo", "Teksto", "Grado", "Plia"], *FOREIGN[1:]]
    assert propose(book(Criteria=other), saved=load_layouts(tmp_path, "x")).layouts == ()


def test_a_corrected_proposal_is_saved_in_place_of_the_first(tmp_path):
    first = propose(book(Criteria=CRITERIA)).layouts[0]
    save_layouts(tmp_path, "nz", [first])
    changed = first.model_copy(
        update={"columns": (*first.columns[:-1], LayoutColumn(column="F", field="evidence"))}
    )
    save_layouts(tmp_path, "nz", [changed])
    saved = load_layouts(tmp_path, "nz")
    assert [c.field for c in saved[0].columns][-1] == "evidence"
    assert len(saved) == 1
    reused = propose(book(Criteria=CRITERIA), saved=saved).layouts[0]
    assert reused.columns == changed.columns


def test_a_saved_layout_is_readable_yaml_and_a_broken_one_is_refused_by_name(tmp_path):
    path = save_layouts(tmp_path, "nz", propose(book(Criteria=CRITERIA)).layouts)
    assert "field: requirement" in path.read_text(encoding="utf-8")
    path.write_text("layouts: [{sheet: A, header_rows: [1], columns: [{column: A, field: refs}]}]")
    with pytest.raises(DataError, match=r"nz\.yaml") as caught:
        load_layouts(tmp_path, "nz")
    assert caught.value.problems[0].code == "damaged_layout"
    assert load_layouts(tmp_path, "unknown") == ()


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden"])
def test_a_layout_name_cannot_leave_its_folder(tmp_path, name):
    with pytest.raises(ValueError, match="not a name for a layout"):
        load_layouts(tmp_path, name)


def test_a_layout_with_an_unknown_field_or_column_cannot_be_made():
    with pytest.raises(ValueError, match="not a field"):
        LayoutColumn(column="A", field="refs")
    with pytest.raises(ValueError, match="not a column"):
        LayoutColumn(column="ZZ", field="ref")
    assert Layout(sheet="A", header_rows=(), columns=()).first_row == 1
