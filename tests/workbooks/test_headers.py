"""Headers are found in eight languages, in one row or two, and say which column holds what."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from criteria.vocabulary import __file__ as vocabulary
from tests.workbooks.builders import Shape, xlsx
from workbooks.header_words import (
    _FILE,
    FIELDS,
    is_cover_name,
    match_header,
    normalised,
    operator_types,
    tick,
)
from workbooks.headers import Header, describe, find_header
from workbooks.model import column_letter
from workbooks.reading import read

TEXT = "The operator seals every container before it leaves the premises and keeps a record."
DATA = [
    ["1.1", "Seals", TEXT, "must", "importer", "visit", "x"],
    ["1.2", "Seals", TEXT + " Always.", "should", "", "", ""],
]


def looked_for(rows, shape=None) -> Header | None:
    """Return the header found in a real file with these rows, if any."""
    return find_header(read(xlsx({"Criteria": rows}, shape), "a.xlsx").sheets[0])


def detect(rows, shape=None) -> Header:
    """Return the header that must be found."""
    found = looked_for(rows, shape)
    assert found is not None
    return found


def fields(header: Header) -> dict[str, str]:
    """Return the field of each column letter."""
    return {column_letter(match.column): match.field for match in header.columns}


LANGUAGES = {
    "English": [
        "Ref. No.",
        "Category",
        "Security requirement",
        "Must / Should",
        "Applies to",
        "Evidence",
        "Remarks",
    ],
    "Spanish": [
        "N°",
        "Categoría",
        "Requisito de seguridad",
        "Obligatoriedad",
        "Aplica a",
        "Evidencia",
        "Observaciones",
    ],
    "Portuguese": [
        "Nº",
        "Área",
        "Requisito de segurança",
        "Obrigatoriedade",
        "Aplicável a",
        "Comprovação",
        "Observações",
    ],
    "French": [
        "N°",
        "Domaine",
        "Exigence de sécurité",
        "Caractère obligatoire",
        "S'applique à",
        "Justificatifs",
        "Remarques",
    ],
    "Japanese": ["項番", "大分類", "セキュリティ要件", "必須・推奨", "対象事業者", "確認書類", "備考"],
    "Korean": ["번호", "구분", "안전관리기준", "필수여부", "적용대상", "증빙자료", "비고"],
    "Chinese": ["序号", "类别", "认证标准", "强制/推荐", "适用对象", "证明材料", "备注"],
    "Arabic": ["الرقم", "المجال", "المتطلب", "درجة الإلزام", "ينطبق على", "المستندات المطلوبة", "ملاحظات"],
}
EXPECTED = ["ref", "category", "requirement", "strength", "operators", "evidence", "notes"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_header_is_recognized_in_every_language(language):
    header = detect([["AEO"], LANGUAGES[language], *DATA])
    assert list(fields(header).values()) == EXPECTED
    assert header.rows == (2,)
    assert all(match.score >= 80 and match.word for match in header.columns)


@pytest.mark.parametrize("field", FIELDS)
def test_every_word_of_the_list_finds_its_own_field(field):
    entry = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["fields"][field]
    for words in entry["words"].values():
        for word in words:
            assert field in {match.field for match in match_header(word) if match.score >= 99}, word


def test_the_operator_types_are_those_of_the_shared_list():
    known = yaml.safe_load(Path(vocabulary).with_name("operators.yaml").read_text(encoding="utf-8"))
    ours = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["operators"]
    assert set(ours) <= {entry["key"] for entry in known["operators"]}


def test_a_short_word_is_not_found_inside_a_longer_one():
    assert match_header("Seguridad") == ()
    assert [m.field for m in match_header("ID")] == ["ref"]


def test_accents_capitals_breaks_and_typing_errors_make_no_difference():
    assert match_header("REQUISITO\nDE  SEGURIDAD")[0].score == 100
    assert match_header("Categoria")[0].field == "category"
    assert match_header("Requirment")[0].field == "requirement"
    assert normalised("المُتَطَلَّب") == normalised("المتطلب")
    assert normalised("バ") != normalised("ハ")


def test_two_rows_that_only_together_name_the_columns_are_joined():
    header = detect(
        [["Security", "Applies", "How it is"], ["requirement", "to", "verified"], [TEXT, "all", "visit"]]
    )
    assert header.rows == (1, 2)
    assert fields(header) == {"A": "requirement", "B": "operators", "C": "evidence"}


def test_a_merged_two_row_header_names_its_lower_columns():
    rows = [
        ["No", "Criterion", "", "Verification", ""],
        ["", "Text", "Must/Should", "Evidence", "Notes"],
        ["1.1", TEXT, "must", "visit", ""],
    ]
    header = detect(rows, Shape(merged=["A1:A2", "B1:C1", "D1:E1"]))
    assert header.rows[-1] == 2
    assert fields(header) == {"A": "ref", "B": "requirement", "C": "strength", "D": "evidence", "E": "notes"}


def test_a_header_merged_down_ends_with_its_last_row():
    rows = [["No", "Requirement", "Level"], ["", "", ""], ["1.1", TEXT, "must"]]
    assert detect(rows, Shape(merged=["A1:A2", "B1:B2", "C1:C2"])).rows == (1, 2)


def test_a_merged_title_above_does_not_pass_for_the_header():
    rows = [
        ["Minimum security criteria and requirements", "", ""],
        ["No", "Requirement", "Level"],
        ["1", TEXT, "must"],
    ]
    assert detect(rows, Shape(merged=["A1:C1"])).rows == (2,)


def test_one_column_per_operator_type_is_read_as_ticks():
    rows = [["No", "Requirement", "Importer", "Exporter"], ["1", TEXT, "x", ""], ["2", TEXT, "x", "✓"]]
    header = detect(rows)
    assert [(m.field, m.ticked) for m in header.columns[2:]] == [("operators", True), ("operators", True)]


def test_must_and_should_columns_are_read_as_ticks():
    header = detect([["No", "Requirement", "Must", "Should"], ["1", TEXT, "x", ""], ["2", TEXT, "", "x"]])
    assert [(m.field, m.ticked) for m in header.columns[2:]] == [("strength", True), ("strength", True)]


def test_a_reference_column_without_a_header_is_known_by_its_values():
    header = detect([["", "Requirement", "Notes"], ["6.1", TEXT, ""], ["6.2", TEXT, ""]])
    assert fields(header)["A"] == "ref"


def test_the_longer_of_two_requirement_columns_is_the_requirement():
    header = detect([["No", "Criterion", "Description"], ["1", "Seals", TEXT], ["2", "Gates", TEXT]])
    assert fields(header) == {"A": "ref", "B": "section", "C": "requirement"}


def test_an_english_column_beside_the_original_is_its_translation():
    header = detect([["No", "Requisito", "Requirement (English)"], ["1", TEXT, TEXT]])
    assert fields(header) == {"A": "ref", "B": "requirement", "C": "translation"}
    alone = detect([["No", "English translation"], ["1", TEXT]])
    assert fields(alone)["B"] == "requirement"


def test_no_header_is_found_where_there_is_none():
    assert looked_for([["foo", "bar"], ["1.1", TEXT]]) is None
    assert looked_for([["Requirement"], [TEXT]]) is None
    assert looked_for([["x"]] * 30 + [["No", "Requirement"], ["1", TEXT]]) is None


def test_a_proposal_can_be_said_in_one_line():
    assert (
        describe(detect([["No", "Requirement"], ["1", TEXT]]))
        == 'A=ref ("No"), B=requirement ("Requirement")'
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [("Importers", ("importer",)), ("Customs Brokers", ("customs_broker",)), ("輸入者", ("importer",)),
     ("Exportadores e importadores", ("exporter", "importer")), ("관세사", ("customs_broker",)),
     ("Sheet1", ())],
)  # fmt: skip
def test_a_name_can_tell_operator_types(name, found):
    assert operator_types(name) == found


def test_names_of_cover_sheets_are_known_in_every_language():
    assert all(
        map(
            is_cover_name,
            ["Cover", "Portada", "Capa", "Sommaire", "表紙", "표지", "封面", "الغلاف", "Index 2"],
        )
    )
    assert not any(map(is_cover_name, ["Criteria", "Importers", "要件"]))


def test_a_tick_is_yes_no_or_neither():
    assert [tick(mark) for mark in ("x", "✓", "Sí", "はい", "n/a", "no", "six")] == [True] * 4 + [
        False
    ] * 2 + [None]
    assert tick("X", with_circles=True) is False
