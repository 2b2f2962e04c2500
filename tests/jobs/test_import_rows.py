"""The words of rows become criteria: what is not recognized is told once, and nothing is left out."""

from __future__ import annotations

import pytest

from criteria.vocabulary import vocabulary
from jobs.import_rows import Rows, read_rows
from tests.builders import program
from tests.workbooks.builders import Shape, xlsx
from workbooks.extracting import extract
from workbooks.layouts import propose
from workbooks.reading import read

HEAD = ["Ref", "Category", "Requirement", "Level", "Applies to", "Notes"]
ROLES = tuple(
    {"key": key, "name": one.name, "operator_types": (key,)} for key, one in vocabulary().operators.items()
)
PROGRAM = program("zz-aeo", "Zed", roles=ROLES, strength_words={})
CARRIERS = {"highway_carrier", "sea_carrier", "air_carrier", "rail_carrier"}


def rows_of(*rows, head=HEAD, sheet="Criteria", shape=None, words=None) -> Rows:
    """Return what becomes of rows on one sheet."""
    return sheets_of({sheet: [head, *rows]}, shape, words)


def sheets_of(sheets, shape=None, words=None) -> Rows:
    workbook = read(xlsx(sheets, shape), "a.xlsx")
    return read_rows(extract(workbook, propose(workbook)).criteria, PROGRAM, "upload", words)


def codes(found: Rows) -> list[str]:
    return [one.code for one in found.problems]


def row(text: str, ref="1", category="Seals", level="Must", operators="All", notes="") -> list[str]:
    return [ref, category, text, level, operators, notes]


def test_a_lead_that_is_a_requirement_itself_is_a_clause_and_keeps_its_parameters():
    found = rows_of(
        row("Containers must bear ISO 17712 seals.\n- numbers are recorded\n- seals are locked away")
    )
    first, *rest = found.criteria[0].obligations
    assert first.parameters == {"seal_standard": "iso17712_high_security"}
    assert [one.text for one in rest] == ["numbers are recorded", "seals are locked away"]


def test_a_lead_that_opens_a_list_stands_before_every_clause_with_its_parameters():
    found = rows_of(row("At least every two years, partners are checked for:\n• debts\n• crimes"))
    clauses = found.criteria[0].obligations
    assert [one.text[-15:] for one in clauses] == ["ked for: debts", "ed for: crimes"] or len(clauses) == 2
    assert [one.parameters for one in clauses] == [{"interval": "2 years"}] * 2


@pytest.mark.parametrize(
    "lead", ["The member must do the following.", "会員は次の措置を講じなければならない。次の"]
)
def test_a_sentence_that_only_announces_a_list_is_no_clause(lead):
    found = rows_of(row(f"{lead}\n• doors are locked\n• keys are kept"))
    assert len(found.criteria[0].obligations) == 2


def test_a_clause_keeps_its_own_strength_where_no_cell_states_one():
    found = rows_of(row("Members must train:\n• guards\n• drivers, who should be tested", level=""))
    assert [one.strength for one in found.criteria[0].obligations] == [None, "should"]


def test_more_clauses_than_letters_have_ids_that_are_all_different():
    found = rows_of(row("Kept in the log:\n" + "\n".join(f"• item {n}" for n in range(60))))
    ids = [one.id for one in found.criteria[0].obligations]
    assert len(set(ids)) == 60
    assert ids[25:28] == ["z", "aa", "ab"]


def test_a_strength_word_that_is_not_known_is_told_once_with_what_was_taken():
    found = rows_of(row("Doors are locked.", level="verplicht"))
    assert codes(found) == ["unknown_strength"]
    assert "should was taken" in found.problems[0].message
    assert found.criteria[0].strength == "should"


def test_what_a_strength_word_means_can_be_said():
    found = rows_of(row("Doors are locked.", level="Verplicht"), words={"verplicht": "must"})
    assert (found.criteria[0].strength, codes(found)) == ("must", [])


def test_a_letter_is_not_near_to_any_word():
    found = rows_of(row("Doors are locked.", level="R"), row("Keys are kept.", "2", level="O"))
    assert all("Did you mean" not in one.message for one in found.problems)


def test_letters_of_strength_are_read_beside_an_m():
    found = rows_of(row("Doors are locked.", level="M"), row("Keys are kept.", "2", level="R"))
    assert ([one.strength for one in found.criteria], codes(found)) == (["must", "should"], [])


def test_a_heading_without_category_is_told_once_for_all_its_rows_and_the_texts_decide():
    found = rows_of(
        row("Drivers must be screened.", "1", "Zzz"),
        row("Containers must be sealed.", "2", ""),
        row("Ok.", "3", "Zzz"),
    )
    assert codes(found) == ["category_not_recognized"]
    assert "Rows under it: 3" in found.problems[0].message
    assert [one.category for one in found.criteria[1:]] == ["conveyance_iit", "procedural"]


def test_without_any_category_the_sheet_and_then_the_text_decide():
    head = ["Ref", "Requirement", "Level"]
    found = rows_of(
        ["1", "Badges are worn.", "Must"], ["2", "Staff is known.", "Must"], head=head, sheet="Training"
    )
    assert ([one.category for one in found.criteria], codes(found)) == (["training"] * 2, [])
    assert codes(rows_of(["1", "Badges are worn.", "Must"], head=head)) == ["category_not_stated"]


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("Transportistas", CARRIERS),
        ("Agentes aduanales", {"customs_broker"}),
        ("Sea carriers", {"sea_carrier"}),
        ("운송업체", CARRIERS),
    ],
)
def test_the_name_of_a_sheet_gives_the_roles_of_its_rows(name, types):
    found = rows_of(["1", "Seals", "Units must be sealed.", "Must"], head=HEAD[:4], sheet=name)
    assert (set(found.criteria[0].operators), codes(found)) == (types, [])


def test_a_criterion_on_two_sheets_of_operator_types_has_the_roles_of_both():
    rows = [HEAD[:4], ["1", "Seals", "Units must be sealed.", "Must"]]
    found = sheets_of({"Exporters": rows, "Importers": rows})
    assert (len(found.criteria), set(found.criteria[0].operators)) == (1, {"exporter", "importer"})
    assert found.criteria[0].source.reference == "Exporters!C2; Importers!C2"


def test_a_sheet_that_names_no_operator_type_beside_others_that_do_is_told():
    rows = [HEAD[:4], ["1", "Seals", "Units must be sealed.", "Must"]]
    other = [HEAD[:4], ["2", "Seals", "Numbers must be recorded.", "Must"]]
    found = sheets_of({"Exporters": rows, "Martians": other})
    assert codes(found) == ["sheet_for_everybody"]
    same = sheets_of({"Exporters": rows, "Martians": rows})
    assert "unknown_operator_type" in codes(same), "the row is not silently taken from the Martians"


def test_a_reference_that_comes_back_on_another_sheet_gets_the_name_of_the_sheet():
    head = ["Ref", "Requirement", "Level"]
    found = sheets_of(
        {
            "Training": [
                head,
                ["1", "Staff must be trained.", "Must"],
                ["1", "Guards must be trained.", "Must"],
            ],
            "Seals": [head, ["1", "Units must be sealed.", "Must"]],
        }
    )
    assert [one.ref for one in found.criteria] == ["1", "1 (2)", "Seals 1"]


def test_hidden_rows_and_comments_stand_in_the_note():
    shape = Shape(hidden_rows=(2,), comments={(2, 3): "Agreed in 2023"})
    found = rows_of(row("Doors are locked.", notes="see annex"), row("Keys are kept.", "2"), shape=shape)
    assert found.criteria[0].note.split("\n") == [
        "Stands in a hidden row of the spreadsheet.",
        "see annex",
        "Comment in the spreadsheet: Agreed in 2023",
    ]
