"""The fast reading of an .xlsx tells of each cell what openpyxl tells."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped]  # no py.typed
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock

from tests.workbooks.builders import unzipped, with_part
from workbooks.model import ERROR
from workbooks.reading import read

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
VALUES = st.one_of(
    TEXTS,
    st.integers(-(10**9), 10**9),
    st.floats(-1e9, 1e9).map(lambda number: round(number, 3)),
    st.booleans(),
    st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)),
    st.lists(st.tuples(TEXTS, st.booleans(), st.booleans()), min_size=2, max_size=3),
)


def _written(rows: list[list], shared: bool) -> bytes:
    """Return a workbook whose texts stand in its table (as Excel writes) or in their cells."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True} if shared else {"constant_memory": True})
    sheet = book.add_worksheet("Criteria")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    looks = {(b, s): book.add_format({"bold": b, "font_strikeout": s}) for b in (0, 1) for s in (0, 1)}
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            if isinstance(value, list):
                parts = [part for text, bold, struck in value for part in (looks[bold, struck], text)]
                sheet.write_rich_string(y, x, *parts)
            elif isinstance(value, dt.date):
                sheet.write_datetime(y, x, value, day)
            elif isinstance(value, str):
                sheet.write_string(y, x, value)
            else:
                sheet.write(y, x, value)
    book.close()
    return buffer.getvalue()


def _told_by_openpyxl(data: bytes) -> dict[str, tuple[str, bool, str]]:
    """Return by address the text, whether all of it is bold, and what is struck out."""
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, rich_text=True)
    found = {}
    for row in book.worksheets[0].iter_rows():
        for cell in row:
            value = cell.value
            if isinstance(value, CellRichText):
                struck = "".join(b.text for b in value if isinstance(b, TextBlock) and b.font.strike)
                bold = all(isinstance(b, TextBlock) and bool(b.font.b) for b in value)
                found[cell.coordinate] = (str(value), bold, struck)
            elif isinstance(value, dt.datetime):
                found[cell.coordinate] = (value.date().isoformat(), False, "")
            elif isinstance(value, bool):
                found[cell.coordinate] = (str(value).upper(), False, "")
            elif isinstance(value, float):
                found[cell.coordinate] = (f"{value:.15g}", False, "")
            elif value is not None:
                found[cell.coordinate] = (str(value), False, "")
    return found


@settings(max_examples=15)
@given(st.lists(st.lists(VALUES, min_size=1, max_size=4), min_size=1, max_size=5), st.booleans())
def test_texts_looks_numbers_and_dates_are_those_that_openpyxl_reads(rows, shared):
    data = _written(rows, shared)
    sheet = read(data, "a.xlsx").sheets[0]
    read_here = {c.address: (c.text, c.bold, c.struck) for row in sheet.rows for c in row.cells}
    assert read_here == _told_by_openpyxl(data)


INLINE = """<row r="{row}"><c r="A{row}" t="inlineStr"><is>{text}</is></c></row>"""


@pytest.mark.parametrize(
    ("written", "text", "struck"),
    [
        ("<t>plain</t>", "plain", ""),
        ("<r><t>two </t></r><r><t>runs</t></r>", "two runs", ""),
        ("<r><rPr><strike/></rPr><t>gone </t></r><r><t>kept</t></r>", "gone kept", "gone "),
        ('<r><rPr><strike val="0"/></rPr><t>not gone </t></r><r><t>kept</t></r>', "not gone kept", ""),
        ('<r><t>海</t></r><r><t>上</t></r><rPh sb="0" eb="1"><t>カイ</t></rPh>', "海上", ""),
        ("<t>five</t><phoneticPr fontId='1'/>", "five", ""),
    ],
)
def test_a_text_is_read_without_its_reading_aids_and_with_the_looks_of_its_runs(written, text, struck):
    data = _written([["x"]], shared=True)
    part = unzipped(data)["xl/worksheets/sheet1.xml"]
    start, end = part.index(b"<row"), part.index(b"</sheetData>")
    row = INLINE.format(row=1, text=written).encode()
    cell = read(with_part(data, "xl/worksheets/sheet1.xml", part[:start] + row + part[end:]), "a.xlsx")
    found = cell.sheets[0].rows[0].cells[0]
    assert (found.text, found.struck) == (text, struck)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('<c r="B2"><v>1.50</v></c>', "1.5"),
        ('<c r="b2"><v>7</v></c>', "7"),
        ('<c r="B2" t="str"><f>A1</f><v>a result</v></c>', "a result"),
        ('<c r="B2" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="B2" t="d"><v>2026-03-01</v></c>', "2026-03-01"),
    ],
)
def test_a_value_is_read_by_the_kind_of_its_cell(written, shown):
    data = _written([["x"]], shared=True)
    part = unzipped(data)["xl/worksheets/sheet1.xml"]
    end = part.index(b"</sheetData>")
    row = f'<row r="2">{written}</row>'.encode()
    sheet = read(with_part(data, "xl/worksheets/sheet1.xml", part[:end] + row + part[end:]), "a.xlsx").sheets[
        0
    ]
    assert {cell.address: cell.text for cell in sheet.rows[1].cells} == {"B2": shown}


def test_cells_and_rows_without_addresses_are_counted():
    data = _written([["x"]], shared=True)
    part = unzipped(data)["xl/worksheets/sheet1.xml"]
    start, end = part.index(b"<row"), part.index(b"</sheetData>")
    rows = b"<row><c><v>1</v></c><c><v>2</v></c></row><row hidden='1'><c/><c><v>3</v></c></row>"
    sheet = read(
        with_part(data, "xl/worksheets/sheet1.xml", part[:start] + rows + part[end:]), "a.xlsx"
    ).sheets[0]
    assert [(c.address, c.text) for row in sheet.rows for c in row.cells] == [
        ("A1", "1"),
        ("B1", "2"),
        ("B2", "3"),
    ]
    assert [row.hidden for row in sheet.rows] == [False, True]


def test_a_day_that_does_not_exist_is_an_error_cell():
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    cell = book.worksheets[0].cell(1, 1, 10**12)
    cell.number_format = "yyyy-mm-dd"
    book.save(buffer)
    found = read(buffer.getvalue(), "a.xlsx").sheets[0].rows[0].cells[0]
    assert (found.text, found.kind) == ("#VALUE!", ERROR)
