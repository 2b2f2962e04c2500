"""Files that try to overload, mislead or break a reader, each with the code it must be answered with."""

from __future__ import annotations

import functools
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import xlwt
from xlwt.CompoundDoc import XlsDoc

from tests.workbooks import builders
from tests.workbooks.builders import CRITERIA, unzipped, with_part, xlsx, zipped

SHEET = "xl/worksheets/sheet1.xml"
_HEAD = b'<?xml version="1.0"?>'
_NS = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def _worksheet(body: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    return (
        _HEAD
        + before
        + b"<worksheet "
        + _NS
        + b"><sheetData>"
        + body
        + b"</sheetData>"
        + after
        + b"</worksheet>"
    )


@functools.cache
def _plain() -> bytes:
    return xlsx({"Criteria": CRITERIA})


def zip_bomb() -> bytes:
    """A megabyte that unpacks to a gigabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(10_000_000)
    packed = b"".join(packer.compress(zeros) for _ in range(100)) + packer.flush()
    return _raw_member("xl/media/image1.png", packed, size=1_000_000_000)


def zip_bomb_that_lies() -> bytes:
    """The same, but the zip says that it unpacks to a few bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(bytes(10_000_000)) for _ in range(30)) + packer.flush()
    return _raw_member("xl/media/image1.png", packed, size=100)


def _raw_member(name: str, packed: bytes, size: int) -> bytes:
    """Return a workbook with one more member whose compressed bytes and sizes are given."""
    target = io.BytesIO(_plain())
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(name, b"")
    data = bytearray(target.getvalue())
    end = data.rfind(b"PK\x05\x06")
    start = struct.unpack_from("<I", data, end + 16)[0]
    entry = data.rfind(b"PK\x01\x02", start, end)
    local = struct.unpack_from("<I", data, entry + 42)[0]
    for at, method in ((local + 8, local + 18), (entry + 10, entry + 20)):
        struct.pack_into("<H", data, at, 8)
        struct.pack_into("<II", data, method, len(packed), size)
    struct.pack_into("<I", data, end + 16, start + len(packed))
    return bytes(data[:start] + packed + data[start:])


def far_cell() -> bytes:
    """One cell in the last row and column that a sheet can have."""
    return with_part(_plain(), SHEET, _worksheet(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))


def far_column() -> bytes:
    """One cell in the last column, in the first row."""
    return with_part(_plain(), SHEET, _worksheet(b'<row r="1"><c r="XFD1"><v>1</v></c></row>'))


def entity_bomb() -> bytes:
    """A billion laughs."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE worksheet [<!ENTITY l0 "lol">{levels}]>'.encode()
    body = b'<row r="1"><c r="A1" t="inlineStr"><is><t>&l9;</t></is></c></row>'
    return with_part(_plain(), SHEET, _worksheet(body, before=doctype))


def external_entity() -> bytes:
    """An entity that names a file of this machine."""
    doctype = b'<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    body = b'<row r="1"><c r="A1" t="inlineStr"><is><t>&x;</t></is></c></row>'
    return with_part(_plain(), SHEET, _worksheet(body, before=doctype))


def external_doctype() -> bytes:
    """A document type that is to be fetched from an address."""
    return with_part(
        _plain(), SHEET, _worksheet(b"", before=b'<!DOCTYPE worksheet SYSTEM "http://127.0.0.1:9/x.dtd">')
    )


def styled_empty_cells() -> bytes:
    """Three million empty cells with a format."""
    row = b"".join(f'<c r="{letter}%d" s="1"/>'.encode() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    rows = b"".join(
        b'<row r="%d">' % n + row.replace(b"%d", str(n).encode()) + b"</row>" for n in range(1, 59_000)
    )
    return _stored_less(with_part(_plain(), SHEET, _worksheet(rows * 1)))


def _stored_less(data: bytes) -> bytes:
    """Keep the ratio of packing below that of a zip bomb, so that the cells themselves are counted."""
    parts = unzipped(data)
    parts["xl/media/noise.bin"] = b"".join(
        zlib.crc32(struct.pack("<I", n)).to_bytes(4, "big") for n in range(250_000)
    )
    return zipped(parts)


def giant_merge() -> bytes:
    """The whole sheet as one merged range."""
    after = b'<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    return with_part(_plain(), SHEET, _worksheet(b'<row r="1"><c r="A1"><v>1</v></c></row>', after=after))


def many_sheets() -> bytes:
    """Five thousand sheets."""
    empty = _worksheet(b"")
    parts = unzipped(_plain()) | {f"xl/worksheets/sheet{n}.xml": empty for n in range(1, 5001)}
    return zipped(parts, zipfile.ZIP_STORED)


def many_listed_sheets() -> bytes:
    """Five thousand sheets that all use one part."""
    listed = b"".join(b'<sheet name="S%d" sheetId="%d" r:id="rId1"/>' % (n, n) for n in range(1, 5001))
    namespace = b' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    book = _HEAD + b"<workbook " + _NS + namespace + b"><sheets>" + listed + b"</sheets></workbook>"
    return with_part(_plain(), "xl/workbook.xml", book)


def many_members() -> bytes:
    """Three thousand pictures."""
    return zipped(unzipped(_plain()) | {f"xl/media/{n}.png": b"x" for n in range(3000)}, zipfile.ZIP_STORED)


def many_rows() -> bytes:
    """Seventy thousand rows."""
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(1, 70_001))
    return with_part(_plain(), SHEET, _worksheet(rows))


def deep_nesting() -> bytes:
    """Ten thousand elements inside one another."""
    return with_part(_plain(), "docProps/custom.xml", _HEAD + b"<a>" * 10_000 + b"</a>" * 10_000)


def truncated() -> bytes:
    """The first two thirds of a workbook."""
    return _plain()[: len(_plain()) * 2 // 3]


def truncated_xls() -> bytes:
    """The first half of an old workbook."""
    data = builders.xls({"Criteria": CRITERIA * 200})
    return data[: len(data) // 2]


def damaged_part() -> bytes:
    """A sheet whose XML breaks off."""
    return with_part(_plain(), SHEET, _worksheet(b"<row>")[:-30])


def damaged_deflate() -> bytes:
    """A sheet whose packed bytes were changed."""
    data = bytearray(_plain())
    at = data.find(SHEET.encode()) + len(SHEET) + 5
    data[at : at + 20] = bytes(20)
    return bytes(data)


def duplicate_member() -> bytes:
    """Two sheets under one name."""
    target = io.BytesIO(_plain())
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(SHEET.upper().replace("XL/", "xl/"), _worksheet(b""))
    return target.getvalue()


def unsafe_member() -> bytes:
    """A part that would be unpacked outside its folder."""
    return with_part(_plain(), "../../etc/cron.d/x", b"x")


def unknown_compression() -> bytes:
    """A part packed with bzip2."""
    target = io.BytesIO(_plain())
    with zipfile.ZipFile(target, "a", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("xl/media/a.png", b"x" * 1000)
    return target.getvalue()


def encrypted_member() -> bytes:
    """A zip whose members are encrypted one by one."""
    data = bytearray(_plain())
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= 1
        at += 4
    return bytes(data)


def encrypted_ods() -> bytes:
    """An OpenDocument file whose parts are encrypted."""
    manifest = (
        b'<?xml version="1.0"?><m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        b'<m:file-entry m:full-path="content.xml" m:media-type="text/xml">'
        b'<m:encryption-data m:checksum="AA=="/></m:file-entry></m:manifest>'
    )
    return with_part(builders.ods({"Criteria": CRITERIA}), "META-INF/manifest.xml", manifest)


def encrypted_xls() -> bytes:
    """An old workbook with the record that announces a password (FILEPASS)."""
    book = xlwt.Workbook()
    book.add_sheet("Criteria").write(0, 0, "x")
    stream = book.get_biff_data()
    first = 4 + struct.unpack_from("<H", stream, 2)[0]
    stream = stream[:first] + struct.pack("<HH", 0x2F, 6) + bytes(6) + stream[first:]
    target = io.BytesIO()
    XlsDoc().save(target, stream)
    return target.getvalue()


def xlsb_far_cell() -> bytes:
    """A binary sheet with one cell in the last row and column."""
    cell = builders.record(5, struct.pack("<IId", 16_383, 0, 1.0))
    return builders.xlsb({"Criteria": CRITERIA}, extra=builders.xlsb_row_head(1_048_576) + cell)


def xlsb_giant_merge() -> bytes:
    """A binary sheet merged as a whole."""
    return builders.xlsb({"Criteria": CRITERIA}, builders.Shape(merged=["A1:XFD1048576"]))


def xlsb_damaged() -> bytes:
    """A binary sheet whose last record runs past its end."""
    data = builders.xlsb({"Criteria": CRITERIA})
    part = unzipped(data)["xl/worksheets/sheet1.bin"]
    return with_part(data, "xl/worksheets/sheet1.bin", part + b"\x06\xff\xff\xff\x7f")


def _ods_with(table: bytes) -> bytes:
    data = builders.ods({"Criteria": CRITERIA})
    content = unzipped(data)["content.xml"]
    at = content.rfind(b"</table:table>")
    return with_part(data, "content.xml", content[:at] + table + content[at:])


def ods_repeated_rows() -> bytes:
    """A short file that says a row of text a million times."""
    return _ods_with(
        b'<table:table-row table:number-rows-repeated="1048000"><table:table-cell office:value-type="string" '
        b'table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell></table:table-row>'
    )


def ods_repeated_cells() -> bytes:
    """A short file that means twelve million cells, all inside the limits of rows and columns."""
    return _ods_with(
        b'<table:table-row table:number-rows-repeated="50000"><table:table-cell office:value-type="string" '
        b'table:number-columns-repeated="250"><text:p>x</text:p></table:table-cell></table:table-row>'
    )


def ods_giant_merge() -> bytes:
    """A short file with a merged range over everything."""
    return _ods_with(
        b'<table:table-row><table:table-cell office:value-type="string" table:number-columns-spanned="16000" '
        b'table:number-rows-spanned="1000000"><text:p>x</text:p></table:table-cell></table:table-row>'
    )


def csv_many_rows() -> bytes:
    """A text file of seventy thousand lines."""
    return b"No,Requirement\n" + b"1,Seal it\n" * 70_000


def csv_many_fields() -> bytes:
    """A text file with a line of a thousand fields."""
    return b"No,Requirement\n" + b",".join([b"x"] * 1000) + b"\n"


HOSTILE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "zip bomb": (zip_bomb, "a.xlsx", "zip_bomb"),
    "zip bomb that lies about its size": (zip_bomb_that_lies, "a.xlsx", "zip_bomb"),
    "cell at XFD1048576": (far_cell, "a.xlsx", "cell_far_outside"),
    "cell at XFD1": (far_column, "a.xlsx", "cell_far_outside"),
    "entity bomb": (entity_bomb, "a.xlsx", "entity_declared"),
    "external entity": (external_entity, "a.xlsx", "external_entity"),
    "external document type": (external_doctype, "a.xlsx", "doctype_declared"),
    "millions of styled empty cells": (styled_empty_cells, "a.xlsx", "too_many_cells"),
    "giant merge": (giant_merge, "a.xlsx", "merged_range_too_large"),
    "5,000 sheets": (many_sheets, "a.xlsx", "too_many_sheets"),
    "5,000 sheets over one part": (many_listed_sheets, "a.xlsx", "too_many_sheets"),
    "3,000 parts": (many_members, "a.xlsx", "too_many_members"),
    "70,000 rows": (many_rows, "a.xlsx", "too_many_rows"),
    "deep nesting": (deep_nesting, "a.xlsx", "xml_too_deep"),
    "truncated xlsx": (truncated, "a.xlsx", "truncated_file"),
    "truncated xls": (truncated_xls, "a.xls", "truncated_file"),
    "broken xml": (damaged_part, "a.xlsx", "damaged_part"),
    "broken compression": (damaged_deflate, "a.xlsx", "damaged_file"),
    "part twice": (duplicate_member, "a.xlsx", "duplicate_member"),
    "part outside": (unsafe_member, "a.xlsx", "unsafe_member"),
    "bzip2 part": (unknown_compression, "a.xlsx", "unknown_compression"),
    "encrypted xlsx": (lambda: builders.ole(["EncryptedPackage"]), "a.xlsx", "password_protected"),
    "encrypted zip members": (encrypted_member, "a.xlsx", "password_protected"),
    "encrypted ods": (encrypted_ods, "a.ods", "password_protected"),
    "encrypted xls": (encrypted_xls, "a.xls", "password_protected"),
    "xlsb far cell": (xlsb_far_cell, "a.xlsb", "cell_far_outside"),
    "xlsb giant merge": (xlsb_giant_merge, "a.xlsb", "merged_range_too_large"),
    "xlsb damaged record": (xlsb_damaged, "a.xlsb", "damaged_file"),
    "ods rows repeated": (ods_repeated_rows, "a.ods", "cell_far_outside"),
    "ods cells repeated": (ods_repeated_cells, "a.ods", "too_many_cells"),
    "ods giant merge": (ods_giant_merge, "a.ods", "merged_range_too_large"),
    "csv of 70,000 rows": (csv_many_rows, "a.csv", "too_many_rows"),
    "csv of 1,000 fields": (csv_many_fields, "a.csv", "cell_far_outside"),
}
"""By name: the builder, the name it is uploaded under, and the code of the refusal."""
