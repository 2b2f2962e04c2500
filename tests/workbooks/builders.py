"""Real spreadsheet files for the tests, one builder for each format.

Where a library writes the format it is used; .xlsb has none, so its records are written here.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import openpyxl
import xlwt
from odf import style, table, text
from odf.opendocument import OpenDocumentSpreadsheet
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter, range_boundaries
from xlwt.CompoundDoc import XlsDoc

Rows = Sequence[Sequence[object]]

CRITERIA: list[list[object]] = [
    ["Security criteria of the program"],
    ["No.", "Category", "Requirement", "Must/Should", "Applies to", "Notes"],
    ["6.1", "Seals", "Containers must be sealed.", "must", "Importer", ""],
    ["6.2", "Seals", "Seals should meet ISO 17712.", "should", "Carrier", "since 2020"],
]


@dataclass
class Shape:
    """What a sheet has beside its values; rows and columns count from 1, ranges read "A1:B2"."""

    merged: Sequence[str] = ()
    hidden_rows: Sequence[int] = ()
    hidden_columns: Sequence[int] = ()
    struck: Sequence[tuple[int, int]] = ()
    bold: Sequence[tuple[int, int]] = ()
    comments: Mapping[tuple[int, int], str] = field(default_factory=dict)
    right_to_left: bool = False
    hidden: bool = False


def xlsx(
    sheets: Mapping[str, Rows],
    shape: Shape | None = None,
    change: Callable[[openpyxl.Workbook], None] | None = None,
) -> bytes:
    """Return an .xlsx; the shape is given to the first sheet, `change` gets the whole workbook."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([None if value == "" else value for value in row])
    if shape is not None:
        _shape_xlsx(book.worksheets[0], shape)
    if change is not None:
        change(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _shape_xlsx(sheet, shape: Shape) -> None:
    for reference in shape.merged:
        sheet.merge_cells(reference)
    for row in shape.hidden_rows:
        sheet.row_dimensions[row].hidden = True
    for column in shape.hidden_columns:
        sheet.column_dimensions[get_column_letter(column)].hidden = True
    for row, column in {*shape.struck, *shape.bold}:
        struck, bold = (row, column) in shape.struck, (row, column) in shape.bold
        sheet.cell(row, column).font = Font(strike=struck, b=bold)
    for (row, column), words in shape.comments.items():
        sheet.cell(row, column).comment = Comment(words, "tester")
    sheet.sheet_view.rightToLeft = shape.right_to_left
    if shape.hidden:
        sheet.sheet_state = "hidden"


def xls(sheets: Mapping[str, Rows], shape: Shape | None = None) -> bytes:
    """Return an .xls of Excel 97; the shape is given to the first sheet."""
    book = xlwt.Workbook()
    for number, (name, rows) in enumerate(sheets.items()):
        sheet = book.add_sheet(name)
        here = shape if shape is not None and number == 0 else Shape()
        _fill_xls(sheet, rows, here)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _fill_xls(sheet, rows: Rows, shape: Shape) -> None:
    merged = {_bounds(reference)[:2]: _bounds(reference) for reference in shape.merged}
    for r, row in enumerate(rows, 1):
        for c, value in enumerate(row, 1):
            if value in ("", None):
                continue
            look = xlwt.easyxf(f"font: bold {(r, c) in shape.bold}, struck_out {(r, c) in shape.struck}")
            if (r, c) in merged:
                top, left, bottom, right = merged[r, c]
                sheet.write_merge(top - 1, bottom - 1, left - 1, right - 1, value, look)
            else:
                _write_xls(sheet, r - 1, c - 1, value, look)
    for number in shape.hidden_rows:
        sheet.row(number - 1).hidden = True
    for number in shape.hidden_columns:
        sheet.col(number - 1).hidden = True
    sheet.cols_right_to_left = shape.right_to_left
    sheet.visibility = 1 if shape.hidden else 0


def _write_xls(sheet, row: int, column: int, value: object, look) -> None:
    if value == "#REF!":
        sheet.row(row).set_cell_error(column, "#REF!", look)
    else:
        sheet.write(row, column, value, look)


def ods(sheets: Mapping[str, Rows], shape: Shape | None = None) -> bytes:
    """Return an .ods; the shape is given to the first sheet."""
    book = OpenDocumentSpreadsheet()
    looks = _ods_looks(book)
    for number, (name, rows) in enumerate(sheets.items()):
        here = shape if shape is not None and number == 0 else Shape()
        book.spreadsheet.addElement(_ods_table(book, name, rows, here, looks, number))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _ods_looks(book) -> dict[str, str]:
    for name, properties in (
        ("gone", {"textlinethroughstyle": "solid"}),
        ("strong", {"fontweight": "bold"}),
    ):
        look = style.Style(name=name, family="table-cell")
        look.addElement(style.TextProperties(**properties))
        book.automaticstyles.addElement(look)
    return {"struck": "gone", "bold": "strong"}


def _ods_table(book, name: str, rows: Rows, shape: Shape, looks: dict[str, str], number: int):
    look = style.Style(name=f"ta{number}", family="table")
    look.addElement(
        style.TableProperties(
            display=not shape.hidden, writingmode="rl-tb" if shape.right_to_left else "lr-tb"
        )
    )
    book.automaticstyles.addElement(look)
    sheet = table.Table(name=name, stylename=f"ta{number}")
    for column in range(1, max(map(len, rows), default=1) + 1):
        hidden = {"visibility": "collapse"} if column in shape.hidden_columns else {}
        sheet.addElement(table.TableColumn(**hidden))
    merged = {_bounds(reference)[:2]: _bounds(reference) for reference in shape.merged}
    for r, row in enumerate(rows, 1):
        hidden = {"visibility": "filter"} if r in shape.hidden_rows else {}
        line = table.TableRow(**hidden)
        for c, value in enumerate(row, 1):
            line.addElement(_ods_cell(r, c, value, shape, merged, looks))
        sheet.addElement(line)
    return sheet


def _ods_cell(r: int, c: int, value: object, shape: Shape, merged: dict, looks: dict[str, str]):
    options: dict[str, object] = {}
    if (r, c) in merged:
        top, left, bottom, right = merged[r, c]
        options |= {"numberrowsspanned": bottom - top + 1, "numbercolumnsspanned": right - left + 1}
    if (r, c) in shape.struck:
        options["stylename"] = looks["struck"]
    if (r, c) in shape.bold:
        options["stylename"] = looks["bold"]
    if isinstance(value, float):
        options |= {"valuetype": "float", "value": str(value)}
    elif value not in ("", None):
        options["valuetype"] = "string"
    if value == "#REF!":
        options["formula"] = "of:=[.#REF!]"
    cell = table.TableCell(**options)
    for line in str(value).split("\n") if value not in ("", None) else ():
        cell.addElement(text.P(text=line))
    return cell


def csv_bytes(rows: Rows, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """Return a text table with every field quoted."""
    lines = [delimiter.join('"' + str(v).replace('"', '""') + '"' for v in row) for row in rows]
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


# .xlsb: a zip of parts, each a row of records (number, length, content), after [MS-XLSB].


def record(number: int, content: bytes = b"") -> bytes:
    """Return one record of a binary part."""
    head = bytes([number]) if number < 128 else bytes([number & 0x7F | 0x80, number >> 7])
    size, length = len(content), b""
    while True:
        byte, size = size & 0x7F, size >> 7
        length += bytes([byte | (0x80 if size else 0)])
        if not size:
            return head + length + content


def wide(words: str) -> bytes:
    """Return a text as records hold it."""
    encoded = words.encode("utf-16-le")
    return struct.pack("<I", len(encoded) // 2) + encoded


def xlsb(sheets: Mapping[str, Rows], shape: Shape | None = None, extra: bytes = b"") -> bytes:
    """Return an .xlsb; the shape is given to the first sheet, `extra` records follow its last row."""
    parts = {"xl/workbook.bin": _xlsb_book(list(sheets), shape), "xl/styles.bin": _xlsb_styles()}
    rels, types = [], []
    for number, rows in enumerate(sheets.values(), 1):
        here = shape if shape is not None and number == 1 else Shape()
        parts[f"xl/worksheets/sheet{number}.bin"] = _xlsb_sheet(rows, here, extra if number == 1 else b"")
        rels.append((f"rId{number}", "worksheet", f"worksheets/sheet{number}.bin"))
        types.append(f"/xl/worksheets/sheet{number}.bin")
    rels.append(("rId900", "styles", "styles.bin"))
    parts["xl/_rels/workbook.bin.rels"] = _relationships(rels)
    parts["_rels/.rels"] = _relationships([("rId1", "officeDocument", "xl/workbook.bin")])
    parts["[Content_Types].xml"] = (
        b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        b'<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
        b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + b"".join(
            f'<Override PartName="{part}" ContentType="application/vnd.ms-excel.worksheet"/>'.encode()
            for part in types
        )
        + b"</Types>"
    )
    return zipped(parts)


def _relationships(entries: Sequence[tuple[str, str, str]]) -> bytes:
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    items = "".join(f'<Relationship Id="{i}" Type="{base}{kind}" Target="{to}"/>' for i, kind, to in entries)
    return (
        '<?xml version="1.0"?><Relationships '
        f'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{items}</Relationships>'
    ).encode()


def _xlsb_book(names: list[str], shape: Shape | None) -> bytes:
    sheets = b"".join(
        record(
            156,
            struct.pack("<II", int(bool(shape and shape.hidden and number == 1)), number)
            + wide(f"rId{number}")
            + wide(name),
        )
        for number, name in enumerate(names, 1)
    )
    return record(131) + record(143) + sheets + record(144) + record(132)


def _xlsb_styles() -> bytes:
    """Return four looks: plain, struck out, bold, and the number format 0.00."""
    fonts = b"".join(
        record(
            43, struct.pack("<HHH", 220, 8 if struck else 0, 700 if bold else 400) + bytes(19) + wide("Arial")
        )
        for struck, bold in ((False, False), (True, False), (False, True))
    )
    looks = b"".join(
        record(47, struct.pack("<HHHHHH", 0xFFFF, number_format, font, 0, 0, 0) + bytes(4))
        for number_format, font in ((0, 0), (0, 1), (0, 2), (2, 0))
    )
    return (
        record(278)
        + record(611, struct.pack("<I", 3)) + fonts + record(612)
        + record(617, struct.pack("<I", 4)) + looks + record(618)
        + record(279)
    )  # fmt: skip


def _xlsb_sheet(rows: Rows, shape: Shape, extra: bytes) -> bytes:
    view = struct.pack("<H", 0x20 if shape.right_to_left else 0) + bytes(28)
    columns = b"".join(
        record(60, struct.pack("<IIIIH", c - 1, c - 1, 2304, 0, 1)) for c in shape.hidden_columns
    )
    body = b"".join(_xlsb_row(r, row, shape) for r, row in enumerate(rows, 1))
    merges = b"".join(
        record(176, struct.pack("<IIII", b[0] - 1, b[2] - 1, b[1] - 1, b[3] - 1))
        for b in map(_bounds, shape.merged)
    )
    size = struct.pack("<IIII", 0, max(len(rows) - 1, 0), 0, max(max(map(len, rows), default=1) - 1, 0))
    return (
        record(129) + record(148, size) + record(133) + record(137, view) + record(138) + record(134)
        + (record(390) + columns + record(391) if columns else b"")
        + record(145) + body + extra + record(146)
        + (record(177, struct.pack("<I", len(shape.merged))) + merges + record(178) if merges else b"")
        + record(130)
    )  # fmt: skip


def _xlsb_row(r: int, row: Sequence[object], shape: Shape) -> bytes:
    flags = 0x10 if r in shape.hidden_rows else 0
    cells = xlsb_row_head(r, flags)
    for c, value in enumerate(row, 1):
        look = 1 if (r, c) in shape.struck else 2 if (r, c) in shape.bold else 0
        if isinstance(value, float):
            cells += record(5, struct.pack("<IId", c - 1, 3, value))
        elif value == "#REF!":
            cells += record(3, struct.pack("<IIB", c - 1, look, 23))
        elif value not in ("", None):
            cells += record(6, struct.pack("<II", c - 1, look) + wide(str(value)))
    return cells


def xlsb_row_head(r: int, flags: int = 0) -> bytes:
    """Return the record that begins a row."""
    return record(0, struct.pack("<IIHBBBI", r - 1, 0, 300, 0, flags, 0, 0))


def zipped(parts: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of the parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    """Return the parts of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """Return a zip with one part replaced or added."""
    return zipped({**unzipped(data), name: content})


def ole(entries: Sequence[str], stream: bytes = b"") -> bytes:
    """Return an OLE file whose one stream carries each of the names in turn (a directory entry each)."""
    target = io.BytesIO()
    XlsDoc().save(target, stream or bytes(4096))
    data = bytearray(target.getvalue())
    at = data.find("Workbook\0".encode("utf-16-le"))
    spare = at + 128
    for name in entries:
        data[at : at + 64] = name.encode("utf-16-le").ljust(64, b"\0")
        at, spare = spare, spare + 128
    return bytes(data)


def _bounds(reference: str) -> tuple[int, int, int, int]:
    left, top, right, bottom = (int(bound or 0) for bound in range_boundaries(reference))
    return top, left, bottom, right
