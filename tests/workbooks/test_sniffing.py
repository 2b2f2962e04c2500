"""Files are told apart by content; each kind that is no spreadsheet has its own code and message."""

from __future__ import annotations

import gzip

import pytest

from tests.workbooks import builders
from tests.workbooks.builders import CRITERIA, zipped
from workbooks.model import Refused
from workbooks.reading import read
from workbooks.sniffing import sniff

WRONG = {
    "empty": (b"", "empty_file"),
    "blank": (b"\xef\xbb\xbf \r\n\r\n", "empty_file"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "pdf_file"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(50), "image_file"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(50), "image_file"),
    "rtf": (b"{\\rtf1\\ansi}", "rtf_file"),
    "gzip": (gzip.compress(b"No,Requirement\n"), "archive_file"),
    "sylk": (b"ID;PWXL;N;E\nP;PGeneral\n", "sylk_file"),
    "program": (b"MZ\x90\x00\x03" + bytes(100), "binary_file"),
    "noise": (bytes(range(256)) * 20, "binary_file"),
    "html": (b"<html><table><tr><td>No</td></tr></table></html>", "html_file"),
    "html with a mark, in UTF-16": ("\ufeff<html><table>".encode("utf-16-le"), "html_file"),
    "html table behind blanks": (b"\r\n\r\n  <table border=1><tr><td>x</td></tr></table>", "html_file"),
    "mail page": (b"MIME-Version: 1.0\nContent-Type: multipart/related;\n\n<html>", "html_file"),
    "xml": (b'<?xml version="1.0"?><criteria/>', "xml_file"),
    "xml spreadsheet of 2003": (
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "excel_2003_xml",
    ),
    "json": (b'[{"ref": "1.1", "text": "Seal it"}]', "json_file"),
    "zip": (zipped({"a.csv": b"No,Requirement"}), "zip_not_workbook"),
    "docx": (zipped({"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>"}), "word_document"),
    "pptx": (zipped({"ppt/presentation.xml": b"<a/>"}), "presentation"),
    "numbers": (zipped({"Index/Document.iwa": b"x"}), "numbers_file"),
    "half a zip": (zipped({"xl/workbook.xml": b"<a/>" * 99})[:80], "truncated_file"),
    "doc": (builders.ole(["WordDocument"]), "word_document"),
    "ppt": (builders.ole(["PowerPoint Document"]), "presentation"),
    "mail": (builders.ole(["__substg1.0_001A001F"]), "ole_not_workbook"),
    "encrypted": (builders.ole(["EncryptedPackage"]), "password_protected"),
    "start of an ole file": (builders.ole(["Workbook"])[:1000], "truncated_file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_no_spreadsheet_is_refused_with_its_own_code(name):
    data, code = WRONG[name]
    with pytest.raises(Refused) as caught:
        sniff(data, "criteria.xls")
    assert caught.value.note.code == code
    refusal = read(data, "criteria.xls").refusal
    assert refusal is not None
    assert (refusal.code, refusal.severity) == (code, "error")
    assert refusal.message
    assert refusal.hint


@pytest.mark.parametrize("name", ["xlsx", "xls", "ods", "xlsb"])
def test_a_wrong_extension_is_a_note_and_the_content_decides(name):
    data = getattr(builders, name)({"Criteria": CRITERIA})
    book = read(data, "criteria.txt")
    assert book.format == name
    assert [p.code for p in book.problems] == ["wrong_extension"]
    assert not read(data, f"criteria.{name}").problems


def test_an_opendocument_packed_by_another_program_is_known_by_its_own_words():
    data = zipped(builders.unzipped(builders.ods({"Criteria": CRITERIA})))
    assert b"opendocument.spreadsheet" not in data[:200]
    assert sniff(data, "a.ods").format == "ods"


def test_text_in_utf_16_without_a_mark_is_text():
    assert sniff("No,Requirement\n1,Seal it\n".encode("utf-16-le"), "a.csv").format == "csv"
    assert sniff("番号,要件\n1,封印する\n2,検査する\n".encode("utf-16-be"), "a.csv").format == "csv"


def test_a_long_extension_or_none_says_nothing():
    data = builders.xlsx({"Criteria": CRITERIA})
    assert sniff(data, "criteria").notes == ()
    assert [n.code for n in sniff(data, "criteria.csv").notes] == ["wrong_extension"]
