"""What a text proposes, in eight languages: strength, operator types, parameters, each with its words."""

from __future__ import annotations

from typing import Any

import pytest

from criteria.normalising import (
    category_of,
    fold,
    operator_types_in,
    parameters_in,
    proposals_for,
    roles_in,
    strength_in_text,
    strength_of_cell,
)
from tests.builders import program

# Each text with everything that is proposed from it: field, value, words.
TEXTS: list[tuple[str, list[tuple[str, Any, str]]]] = [
    (
        "Importers must review the written procedures at least every 12 months and keep records for 2 years.",
        [
            ("strength", "must", "must"),
            ("operators", "importer", "importers"),
            ("interval", "12 months", "at least every 12 months"),
            ("retention", "2 years", "keep records for 2 years"),
            ("written", True, "written"),
        ],
    ),
    (
        "Carriers should report within 24 hours.",
        [("strength", "should", "should"), ("deadline", "24 hours", "within 24 hours")],
    ),
    (
        "Los importadores deben revisarlo cada 6 meses; los registros se conservarán durante 5 años.",
        [
            ("strength", "must", "deben"),
            ("operators", "importer", "importadores"),
            ("interval", "6 months", "cada 6 meses"),
            ("retention", "5 years", "conservarán durante 5 años"),
        ],
    ),
    (
        "El sello de alta seguridad es obligatorio; notificar en un plazo máximo de 24 horas.",
        [
            ("strength", "must", "obligatorio"),
            ("deadline", "24 hours", "en un plazo máximo de 24 horas"),
            ("seal_standard", "iso17712_high_security", "sello de alta seguridad"),
        ],
    ),
    (
        "O importador deve revisar o procedimento escrito a cada 12 meses.",
        [
            ("strength", "must", "deve"),
            ("operators", "importer", "importador"),
            ("interval", "12 months", "a cada 12 meses"),
            ("written", True, "escrito"),
        ],
    ),
    (
        "L'importateur doit réviser la procédure écrite tous les 12 mois ; conservés pendant 3 ans.",
        [
            ("strength", "must", "doit"),
            ("operators", "importer", "importateur"),
            ("interval", "12 months", "tous les 12 mois"),
            ("retention", "3 years", "conservés pendant 3 ans"),
            ("written", True, "écrite"),
        ],
    ),
    (
        "輸入者は年１回、手続を見直さなければならない。記録は3年間保存し、24時間以内に報告する。",
        [
            ("strength", "must", "なければならない"),
            ("operators", "importer", "輸入者"),
            ("deadline", "24 hours", "24時間以内"),
            ("interval", "1 year", "年1回"),
            ("retention", "3 years", "3年間保存"),
        ],
    ),
    (
        "수입업체는 매년 절차를 검토하여야 한다. 기록은 5년간 보관한다. 24시간 이내에 보고한다.",
        [
            ("strength", "must", "하여야"),
            ("operators", "importer", "수입업체"),
            ("deadline", "24 hours", "24시간 이내"),
            ("interval", "1 year", "매년"),
            ("retention", "5 years", "5년간 보관"),
        ],
    ),
    (
        "进口商应当每年检查一次程序。记录保存3年，24小时内报告。",
        [
            ("strength", "must", "应当"),
            ("operators", "importer", "进口商"),
            ("deadline", "24 hours", "24小时内"),
            ("interval", "1 year", "每年"),
            ("retention", "3 years", "保存3年"),
        ],
    ),
    (
        "يجب على المستورد مراجعة الإجراءات المكتوبة كل سنة. يحفظ السجلات لمدة ٥ سنوات.",
        [
            ("strength", "must", "يجب"),
            ("operators", "importer", "المستورد"),
            ("interval", "1 year", "كل سنة"),
            ("retention", "5 years", "يحفظ السجلات لمدة 5 سنوات"),
        ],
    ),
]


@pytest.mark.parametrize(("text", "wanted"), TEXTS, ids=lambda value: str(value)[:12])
def test_everything_a_text_proposes_comes_with_its_words(text, wanted):
    """Nothing is left out and nothing made up."""
    found = [(one.field, one.value, one.words) for one in proposals_for(text)]
    assert sorted(found, key=str) == sorted(wanted, key=str)


@pytest.mark.parametrize(
    ("cell", "strength"),
    [
        ("Must", "must"),
        ("SHALL", "must"),
        (" should. ", "should"),
        ("recommended", "should"),
        ("optional", "may"),
        ("Obligatorio", "must"),
        ("recomendado", "should"),
        ("obrigatório", "must"),
        ("obligatoire", "must"),
        ("必須", "must"),
        ("推奨", "should"),
        ("필수", "must"),
        ("권장", "should"),
        ("必须", "must"),
        ("建议", "should"),
        ("إلزامي", "must"),
        ("اختياري", "may"),
        ("this is mandatory", "must"),
    ],
)
def test_a_cell_of_strength_words_means_a_strength(cell, strength):
    """In any of the languages, whatever the case and punctuation."""
    proposed, problem = strength_of_cell(cell, {})
    assert problem is None
    assert proposed is not None
    assert (proposed.value, proposed.words) == (strength, cell.strip())


def test_a_programs_own_words_win_over_the_general_list():
    """A program may mean a should by "required"."""
    proposed, _ = strength_of_cell("Required", {"required": "should"})
    assert proposed is not None
    assert proposed.value == "should"


@pytest.mark.parametrize("cell", ["K.O.", "k.o", "K.O.:"])
def test_a_word_with_points_is_known_however_the_cell_points_it(cell):
    proposed, problem = strength_of_cell(cell, {"K.O.": "must"})
    assert (proposed and proposed.value, problem) == ("must", None)


@pytest.mark.parametrize("cell", ["shall/should", "fundamentl!", "", "x"])
def test_a_cell_that_means_no_strength_is_a_problem_with_the_nearest_words(cell):
    """Two strengths in one cell are none."""
    proposed, problem = strength_of_cell(cell, {"Fundamental": "must"})
    assert proposed is None
    assert problem is not None
    assert problem.code == "unknown-strength"
    assert str(problem).startswith(f'"{cell}" is not a strength. ')


def test_the_first_word_of_obligation_in_a_text_is_taken():
    """What follows usually qualifies."""
    found = strength_in_text("Seals should be used and must be checked.")
    assert found is not None
    assert found.value == "should"
    assert strength_in_text("Seals are used.") is None


@pytest.mark.parametrize(
    "text",
    [
        "供应链伙伴名单",
        "許可された者の一覧",
        "不可抗力",
        "应用系统清单",
        "a container can opener's canister"[:11],
    ],
)
def test_a_word_that_only_looks_like_one_of_obligation_is_none(text):
    """供应 is supply; 应 alone is shall."""
    assert strength_in_text(text) is None


def test_words_inside_other_words_are_not_found():
    """A word ends where a letter follows."""
    assert operator_types_in("the importance of exports") == []
    assert strength_in_text("mustard and shallots") is None


def test_a_figure_is_taken_before_a_vague_word():
    """ "Regularly, at least every 6 months" is six months."""
    found = {
        one.field: one.value for one in parameters_in("Regularly, at least every 6 months, without delay.")
    }
    assert found == {"interval": "6 months", "deadline": "vague"}


def test_named_standards_are_gathered():
    """A set holds all that a text names, with all their words."""
    [found] = parameters_in("Certified to ISO 28000 or TAPA; ISPM 15 applies.")
    assert (found.field, sorted(found.value)) == ("standards", ["iso28000", "ispm15", "tapa"])
    assert found.words == "ispm 15; iso 28000; tapa"


def test_numbers_in_words_and_in_other_scripts_are_read():
    """Full-width and Arabic digits are digits, one is 1."""
    assert fold("１２　٣") == "12 3"
    assert [one.value for one in parameters_in("kept for one year")] == ["1 year"]
    assert [one.value for one in parameters_in("cada ٣ meses")] == ["3 months"]


@pytest.mark.parametrize(
    ("heading", "category"),
    [
        ("Seal Security", "seal"),
        ("Seguridad física", "physical_security"),
        ("Parceiros comerciais", "business_partners"),
        ("Contrôle d'accès", "physical_access"),
        ("情報セキュリティ", "cybersecurity"),
        ("인사관리", "personnel"),
        ("风险评估", "risk_assessment"),
        ("التدريب", "training"),
        ("cybersecurity", "cybersecurity"),
    ],
)
def test_a_heading_names_a_category(heading, category):
    """In any of the languages; a heading that names none gives none."""
    found = category_of([heading])
    assert found is not None
    assert found.value == category
    assert category_of(["Chapter 4"]) is None


def test_the_innermost_heading_is_tried_first():
    """A section says more than its chapter."""
    found = category_of(["Seals", "Physical security"])
    assert found is not None
    assert found.value == "seal"


def test_a_cell_of_roles_is_matched_part_by_part():
    """Keys and names of the program first, then the shared types; what names none is told."""
    made = program("p", "P")
    found, unmatched = roles_in("Importing member; exporters and space pilots", made)
    assert [one.value for one in found] == ["imp", "exp"]
    assert unmatched == ["space pilots"]
    assert [one.value for one in roles_in("Todos", made)[0]] == ["all"]
    assert roles_in("", made) == ([], [])
