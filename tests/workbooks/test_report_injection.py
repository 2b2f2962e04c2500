"""Hostile and odd texts in every place a text can come from: they stay texts, and stay readable."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.builders import AWAY_CRITERIA, HOME_CRITERIA, criterion, small_library
from tests.workbooks.report_reading import opened, report_bytes, used_cells

HOSTILE = [
    "=cmd|'/c calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "＝HYPERLINK(A1)",
    "https://evil.example/?q=1",
    "mailto:a@evil.example",
    "internal:'Sources'!A1",
    "{=1+1}",
    "_x0041_ and _x000D_",
    "</t><f>1+1</f>",
    "00123",
    "1e5",
    "  leading and trailing  ",
    "كل حاوية تُختم بختم عالي الأمان",
    "すべての貨物は封印される",
    "🚢 sealed 🔒 👩‍✈️",
]


def _everywhere(text: str) -> bytes:
    """Return a report in which a text stands wherever data can bring one in."""
    source = {"id": "rules", "reference": text}
    sourced = {"document": text, "url": text, "via": text, "note": text}
    more = {
        "title": text,
        "statement": f"{text} ",
        "look_for": text,
        "note": text,
        "translated_from": text,
        "source": source,
    }
    home = [one.model_copy(update={k: v for k, v in more.items() if k != "source"}) for one in HOME_CRITERIA]
    away = [
        one.model_copy(update={"title": text, "statement": text, "translated_from": text})
        for one in AWAY_CRITERIA
    ]
    away.append(criterion("X9", "procedural", text or "-", source=source))
    cited = {"value": text, "basis": "text", "note": text}
    library = small_library(
        home=home,
        away=away,
        away_program={
            "name": text,
            "short_name": text,
            "administration": text,
            "remarks": (cited,),
            "statistics": (cited,),
            "sources": dict.fromkeys(("rules", "act", "talk"), sourced),
        },
    )
    return report_bytes(library, warnings=(text,), marking=text[:90])


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stays_a_text_and_reads_as_it_was_written(text):
    content = _everywhere(text)
    workbook = opened(content)
    assert not [cell.coordinate for cell in used_cells(workbook) if cell.data_type == "f"]
    stripped = text.strip()
    same = [cell for cell in used_cells(workbook) if stripped in str(cell.value)]
    assert len(same) > 20
    starting = [cell for cell in same if str(cell.value)[0] in "=+-@＝"]
    assert [(cell.parent.title, cell.coordinate) for cell in starting if not cell.quotePrefix] == []


@pytest.mark.parametrize(
    "text", ["https://evil.example/x", "file:///etc/passwd", "external:\\\\evil\\x.xlsx"]
)
def test_no_link_leads_out_of_the_workbook(text):
    content = _everywhere(text)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        relations = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".rels")]
    assert not any('TargetMode="External"' in relation for relation in relations)


def test_a_text_beyond_what_a_cell_holds_is_cut_and_says_so():
    long = "word " * 8000
    workbook = opened(_everywhere(long))
    cut = [str(cell.value) for cell in used_cells(workbook) if "[cut: the full text has" in str(cell.value)]
    assert cut
    assert all(len(value.encode("utf-16-le")) // 2 <= 32_767 for value in cut)


@pytest.mark.parametrize("text", ["a\x00b\x07c\x1bd", "a\ud800b", "a\ufffeb\uffffc", "a\u202eb\u2066c"])
def test_what_is_no_text_is_shown_as_replaced(text):
    away = [one.model_copy(update={"title": text}) for one in AWAY_CRITERIA]
    workbook = opened(report_bytes(small_library(away=away), warnings=(text,)))
    values = [str(cell.value) for cell in used_cells(workbook)]
    assert any("a\ufffdb" in value for value in values)
    assert not any(bad in value for value in values for bad in set(text) - set("abcd"))


def test_line_ends_of_any_system_become_line_feeds():
    workbook = opened(report_bytes(warnings=("one\r\ntwo\rthree\tfour",)))
    assert any("one\ntwo\nthree four" in str(cell.value) for cell in used_cells(workbook))
