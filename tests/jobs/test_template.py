"""The template: a form that imports with no question asked."""

from __future__ import annotations

import io
from datetime import date

from openpyxl import load_workbook

from jobs.importing import ImportRequest, plan_import
from mappings.library import load_library
from workbooks.template_book import write_template


def test_a_filled_template_imports_without_a_problem(tmp_path):
    library = load_library()
    write_template(library.programs["nz-ses"], tmp_path / "t.xlsx")
    book = load_workbook(tmp_path / "t.xlsx")
    sheet = book["Criteria"]
    rows = [
        (
            "1.1",
            "Seal security",
            "Containers are sealed with ISO 17712 seals.",
            None,
            "must",
            "Exporter",
            "visit",
            None,
        ),
        (
            "1.2",
            "Personnel security",
            "Se verifican los antecedentes.",
            "Backgrounds are checked.",
            "should",
            None,
            None,
            None,
        ),
    ]
    for number, row in enumerate(rows, 5):
        for column, value in enumerate(row, 1):
            sheet.cell(number, column).value = value
    buffer = io.BytesIO()
    book.save(buffer)
    request = ImportRequest(buffer.getvalue(), "t.xlsx", "nz-ses", "2027")
    plan = plan_import(library, request, date(2026, 11, 24))
    asked = [p for p in plan.problems if p.severity != "note" and p.code != "vanished_criterion"]
    assert not asked
    first, second = plan.edition.criteria
    assert (first.ref, first.category, first.strength, first.operators) == (
        "1.1",
        "seal",
        "must",
        ("exporter",),
    )
    assert (second.statement, second.original) == (
        "Backgrounds are checked.",
        "Se verifican los antecedentes.",
    )


def test_the_form_has_lists_for_category_strength_and_roles(tmp_path):
    write_template(load_library().programs["eu-aeo"], tmp_path / "t.xlsx")
    sheet = load_workbook(tmp_path / "t.xlsx")["Criteria"]
    assert {v.formula1 for v in sheet.data_validations.dataValidation} == {
        "template_categories", "template_strengths", "template_roles",
    }  # fmt: skip
