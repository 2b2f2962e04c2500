"""The same sheet reads alike from every format: values, merges, hidden and struck-out content, errors."""

from __future__ import annotations

import datetime as dt
import functools
import io
from dataclasses import replace

import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped]  # no py.typed
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from tests.workbooks import builders
from tests.workbooks.builders import CRITERIA, Shape, csv_bytes, unzipped, with_part, xlsx
from workbooks.guards import LIMITS
from workbooks.model import DATE, ERROR, NO_VALUE, NUMBER, Cell
from workbooks.reading import Workbook, read

ROWS: list[list[object]] = [
    ["Security criteria of the program", "", "", "", "", ""],
    ["No.", "Category", "Requirement", "Must/Should", "Applies to", "Notes"],
    ["6.1", "Seals", "Containers must be sealed:\n• doors\n• hatches", "must", "Importer", "x"],
    ["6.2", "", "密封すべきである。", "should", "ناقل", ""],
    [1.5, "Seals", "an old one", "", "", ""],
    ["6.9", "", "#REF!", "", "", ""],
]
SHAPE = Shape(
    merged=["A1:F1", "B3:B4"], hidden_rows=[4], hidden_columns=[6], struck=[(5, 3)], bold=[(1, 1)],
    right_to_left=True, hidden=True,
)  # fmt: skip
FORMATS = ["xlsx", "xls", "ods", "xlsb"]


def cells(book: Workbook, sheet: int = 0) -> dict[str, Cell]:
    """Return the cells of a sheet by address."""
    return {cell.address: cell for row in book.sheets[sheet].rows for cell in row.cells}


@pytest.fixture(scope="module", params=FORMATS)
def shaped(request) -> Workbook:
    data = getattr(builders, request.param)({"Criteria": ROWS, "Second": CRITERIA}, SHAPE)
    return read(data, f"a.{request.param}")


def test_values_come_as_text_with_their_addresses(shaped):
    found = cells(shaped)
    assert found["C3"].text == "Containers must be sealed:\n• doors\n• hatches"
    assert (found["C4"].text, found["E4"].text) == ("密封すべきである。", "ناقل")
    assert found["A5"].kind == NUMBER
    assert "B4" not in found
    assert [sheet.name for sheet in shaped.sheets] == ["Criteria", "Second"]
    assert cells(shaped, 1)["C3"].text == "Containers must be sealed."


def test_merged_ranges_are_kept_and_seen_from_every_place_under_them(shaped):
    sheet = shaped.sheets[0]
    assert sheet.merged_ranges == ("A1:F1", "B3:B4")
    assert cells(shaped)["B3"].merged_range == "B3:B4"
    assert sheet.grid.text(4, 2) == "Seals"
    assert sheet.grid.text(1, 6) == ROWS[0][0]


def test_hidden_content_struck_out_text_direction_and_errors_are_seen(shaped):
    sheet, found = shaped.sheets[0], cells(shaped)
    assert [row.number for row in sheet.rows if row.hidden] == [4]
    assert sheet.hidden_columns == {6}
    assert [address for address, cell in found.items() if cell.struck_out] == ["C5"]
    assert [address for address, cell in found.items() if cell.bold] == ["A1"]
    assert (found["C6"].kind, found["C6"].text) == (ERROR, "#REF!")
    assert sheet.right_to_left
    assert (sheet.visibility, shaped.sheets[1].visibility) == ("hidden", "visible")
    assert not shaped.sheets[1].right_to_left
    assert not shaped.problems


@pytest.mark.parametrize("fmt", ["xlsx"])
def test_comments_come_with_their_cells(fmt):
    shape = Shape(
        comments={(3, 3): "[Threaded comment]\n\nYour version of Excel…\n\nComment:\n    still open?"}
    )
    assert cells(read(xlsx({"Criteria": ROWS}, shape), "a.xlsx"))["C3"].comment == "still open?"


def test_a_number_reads_as_its_format_shows_it():
    def change(book):
        sheet = book.worksheets[0]
        for row, (value, shown) in enumerate([(1.1, "0.00"), (7, "000"), (0.5, "0%"), (1.1, "General")], 1):
            sheet.cell(row, 1, value).number_format = shown

    found = cells(read(xlsx({"Criteria": []}, change=change), "a.xlsx"))
    assert [found[f"A{row}"].text for row in range(1, 5)] == ["1.10", "007", "50%", "1.1"]


def test_dates_and_truth_values_are_told_from_text():
    def change(book):
        book.worksheets[0]["A1"] = dt.date(2026, 3, 1)
        book.worksheets[0]["A2"] = True

    found = cells(read(xlsx({"Criteria": []}, change=change), "a.xlsx"))
    assert (found["A1"].kind, found["A1"].text) == (DATE, "2026-03-01")
    assert found["A2"].text == "TRUE"


def test_a_formula_gives_its_saved_result_and_is_marked_without_one(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Criteria")
        sheet.write_formula("A1", "=1+1", None, 2)
        sheet.write_formula("A3", "=1/0", None, "#DIV/0!")
    found = cells(read(path.read_bytes(), "a.xlsx"))
    assert (found["A1"].text, found["A3"].kind) == ("2", ERROR)

    def change(book):
        book.worksheets[0]["B7"] = "=A1&A2"
        book.worksheets[0]["B8"] = "=C8"

    data = xlsx({"Criteria": []}, change=change)
    found = cells(read(data, "a.xlsx"))
    assert (found["B7"].kind, found["B7"].text) == (NO_VALUE, "")
    sheet = unzipped(data)["xl/worksheets/sheet1.xml"]
    empty_text = sheet.replace(b'<c r="B8">', b'<c r="B8" t="str">')
    assert empty_text != sheet
    found = cells(read(with_part(data, "xl/worksheets/sheet1.xml", empty_text), "a.xlsx"))
    assert list(found) == ["B7"]


def test_words_struck_out_inside_a_cell_are_kept_apart():
    def change(book):
        gone, stays = InlineFont(strike=True), InlineFont(b=True)
        book.worksheets[0]["A1"] = CellRichText(
            "Seal ", TextBlock(gone, "all"), TextBlock(stays, " some"), " doors"
        )

    cell = cells(read(xlsx({"Criteria": []}, change=change), "a.xlsx"))["A1"]
    assert (cell.text, cell.struck, cell.live_text) == ("Seal all some doors", "all", "Seal  some doors")
    assert not cell.struck_out


def test_what_a_sheet_keeps_under_merged_cells_is_not_read():
    data = xlsx({"Criteria": [["a", "b"], ["c", "d"]]})
    sheet = unzipped(data)["xl/worksheets/sheet1.xml"]
    merged = sheet.replace(b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells>')
    found = cells(read(with_part(data, "xl/worksheets/sheet1.xml", merged), "a.xlsx"))
    assert sorted(found) == ["A1", "A2", "B2"]


def test_a_link_over_the_whole_sheet_costs_nothing():
    data = xlsx({"Criteria": [["a"]]})
    sheet = unzipped(data)["xl/worksheets/sheet1.xml"]
    link = b'</sheetData><hyperlinks><hyperlink ref="A1:XFD1048576" location="Criteria!A1"/></hyperlinks>'
    book = read(with_part(data, "xl/worksheets/sheet1.xml", sheet.replace(b"</sheetData>", link)), "a.xlsx")
    assert list(cells(book)) == ["A1"]


def test_escapes_and_control_characters_do_not_reach_the_text():
    data = xlsx({"Criteria": [["a_x000D_\nb_x0007_c"]]})
    assert cells(read(data, "a.xlsx"))["A1"].text == "a\nbc"


def test_phonetic_guides_are_no_part_of_a_japanese_text():
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        book.add_worksheet("Criteria").write_string("A1", "要件")
    strings = unzipped(target.getvalue())["xl/sharedStrings.xml"].decode()
    guided = strings.replace("</t></si>", '</t><rPh sb="0" eb="2"><t>ヨウケン</t></rPh></si>').encode()
    data = with_part(target.getvalue(), "xl/sharedStrings.xml", guided)
    assert "ヨウケン".encode() in unzipped(data)["xl/sharedStrings.xml"]
    assert cells(read(data, "a.xlsx"))["A1"].text == "要件"


def test_macros_links_and_text_boxes_are_told_and_the_sheet_is_read():
    data = xlsx({"Criteria": CRITERIA})
    link = b'<?xml version="1.0"?><externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    drawing = (
        b'<?xml version="1.0"?><d:wsDr xmlns:d="http://schemas.openxmlformats.org/drawingml/2006/x" '
        b'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:t>Not in force</a:t></d:wsDr>'
    )
    data = with_part(data, "xl/externalLinks/externalLink1.xml", link)
    data = with_part(data, "xl/drawings/drawing9.xml", drawing)
    data = with_part(data, "xl/vbaProject.bin", b"\xd0\xcf\x11\xe0macro")
    book = read(data, "a.xlsm")
    assert book.format == "xlsm"
    assert [p.code for p in book.problems] == ["macros_ignored", "external_links_ignored", "text_box_ignored"]
    assert "Not in force" in book.problems[-1].message
    assert len(book.sheets[0].rows) == 4


def test_a_strict_workbook_is_read_for_its_values_and_says_so():
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    parts = {
        name: content.replace(main.encode(), strict.encode()).replace(
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        )
        for name, content in unzipped(xlsx({"Criteria": CRITERIA})).items()
    }
    book = read(builders.zipped(parts), "a.xlsx")
    assert [p.code for p in book.problems] == ["strict_format"]
    assert cells(book)["C3"].text == "Containers must be sealed."


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_text_tables_are_read_with_any_delimiter_and_mark(delimiter, encoding):
    book = read(csv_bytes(ROWS, delimiter, encoding), "criteria.csv")
    assert book.sheets[0].name == "criteria"
    assert cells(book)["C3"].text == ROWS[2][2]
    assert cells(book)["C4"].text == ROWS[3][2]


SAMPLES: dict[str, list[object]] = {
    "shift_jis": ["番号", "要件", "事業者はコンテナを検査し、封印しなければならない。記録は五年間保存する。"],
    "euc_kr": ["번호", "요건", "수출업체는 컨테이너를 검사하고 봉인하여야 한다. 기록은 오 년간 보관한다."],
    "gb18030": ["编号", "要求", "企业应当检查集装箱并施加封志。记录应当保存五年。经营者应当每年审核。"],
    "cp1256": ["الرقم", "المتطلب", "يجب على المشغل فحص الحاويات وختمها وحفظ السجلات لمدة خمس سنوات."],
    "cp1252": [
        "N°",
        "Exigence",
        "L'opérateur vérifie les conteneurs à l'arrivée et conserve les relevés, même âgés.",
    ],
}


@pytest.mark.parametrize("encoding", SAMPLES)
def test_an_old_encoding_is_guessed_and_the_guess_is_told(encoding):
    rows = [SAMPLES[encoding][:2], *([str(n), SAMPLES[encoding][2]] for n in range(1, 8))]
    book = read(csv_bytes(rows, encoding=encoding), "a.csv")
    assert cells(book)["B2"].text == SAMPLES[encoding][2]
    assert [p.code for p in book.problems] == ["encoding_guessed"]


def test_the_analyst_can_name_the_encoding_and_the_delimiter():
    data = csv_bytes([["No", "Exigence"], ["1", "a|é"]], delimiter="|", encoding="cp1252")
    book = read(data, "a.csv", encoding="cp437", delimiter="|")
    assert cells(book)["B2"].text == "a|Θ"
    assert [p.code for p in read(data, "a.csv", encoding="klingon").problems] == ["unknown_encoding"]
    book = read(data, "a.csv", encoding="utf-8")
    assert [p.code for p in book.problems] == ["undecodable_text"]


def test_a_guard_against_formulas_is_taken_off_again():
    book = read(b"sep=;\r\nNo;Requirement\r\n1;'=SUM(A1)\r\n2;'tis so\r\n", "a.csv")
    found = cells(book)
    assert (found["B3"].text, found["B4"].text) == ("=SUM(A1)", "'tis so")


def test_an_upload_can_be_capped_while_it_arrives():
    from workbooks.guards import read_capped
    from workbooks.model import Refused

    assert read_capped(iter([b"a", b"b"])) == b"ab"
    with pytest.raises(Refused, match="file_too_large"):
        read_capped(iter([b"x" * 600] * 3), replace(LIMITS, file_bytes=1_000))


def test_the_lean_reader_keeps_no_empty_cells(monkeypatch):
    from workbooks import reading_xlsx
    from workbooks.scanning import scan

    # The reader puts its own class there for good: it has a process of its own.
    monkeypatch.setattr("openpyxl.reader.excel.WorksheetReader", None)

    def change(book):
        for row in range(1, 50):
            book.worksheets[0].cell(row, 5).font = openpyxl.styles.Font(b=True)

    data = xlsx({"Criteria": CRITERIA}, Shape(merged=["A1:F1"]), change)
    kept = []
    monkeypatch.setattr(reading_xlsx, "_sheet", lambda sheet, *rest: kept.append(len(sheet._cells)))
    reading_xlsx.read_xlsx(data, scan(data, "xlsx"))
    assert kept == [sum(value != "" for row in CRITERIA for value in row)]


def test_a_workbook_that_the_full_reader_fails_on_is_read_in_a_simpler_way_and_says_so():
    shape = Shape(merged=["A1:F1", "B3:B4"], hidden_rows=[4], hidden_columns=[6], right_to_left=True)
    data = xlsx({"Criteria": ROWS}, shape)
    styles = unzipped(data)["xl/styles.xml"]
    broken = with_part(data, "xl/styles.xml", styles.replace(b'<color theme="1"', b'<color rgb="red"'))
    full, simple = read(data, "a.xlsx").sheets[0], read(broken, "a.xlsx")
    assert [p.code for p in simple.problems] == ["read_simply"]
    sheet = simple.sheets[0]
    assert {c.address: (c.text, c.kind) for row in sheet.rows for c in row.cells} == {
        c.address: (c.text, c.kind) for row in full.rows for c in row.cells
    }
    assert sheet.merged_ranges == full.merged_ranges
    assert sheet.hidden_columns == full.hidden_columns
    assert sheet.right_to_left
    assert [row.number for row in sheet.rows if row.hidden] == [4]


@settings(max_examples=15)
@given(st.data())
@pytest.mark.parametrize("fmt", FORMATS)
def test_no_change_of_bytes_harms_the_caller(fmt, data):
    file = bytearray(_small(fmt))
    for _ in range(data.draw(st.integers(1, 8))):
        file[data.draw(st.integers(8, len(file) - 1))] = data.draw(st.integers(0, 255))
    book = read(bytes(file), f"a.{fmt}")
    assert book.sheets or book.refusal or book.format


@functools.cache
def _small(fmt: str) -> bytes:
    built: bytes = getattr(builders, fmt)({"Criteria": CRITERIA})
    return built
