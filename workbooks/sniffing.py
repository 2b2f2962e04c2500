"""Which kind of file an upload is, decided by its content and never by its extension.

`sniff` returns the format with what was noticed, or raises `Refused` with a code of its own for each
kind of file that is no spreadsheet. It looks at bytes only; nothing is parsed here.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePath

from workbooks.model import Note, Refused, note

FORMATS = ("xlsx", "xlsm", "xlsb", "xls", "ods", "csv")
"""The formats `sniff` tells apart; csv stands for text with any delimiter."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "pdf_file"),
    (b"{\\rtf", "rtf_file"),
    (b"\x89PNG\r\n", "image_file"),
    (b"\xff\xd8\xff", "image_file"),
    (b"GIF8", "image_file"),
    (b"II*\x00", "image_file"),
    (b"MM\x00*", "image_file"),
    (b"\x1f\x8b", "archive_file"),
    (b"7z\xbc\xaf\x27\x1c", "archive_file"),
    (b"Rar!\x1a\x07", "archive_file"),
    (b"BZh", "archive_file"),
    (b"\xfd7zXZ\x00", "archive_file"),
    (b"ID;P", "sylk_file"),
    (b"SQLite format 3\x00", "binary_file"),
    (b"MZ", "binary_file"),
    (b"\x7fELF", "binary_file"),
)
_OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00")
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff", b"\xff\xfe", b"\xfe\xff")
_EXTENSIONS = {"xlsx", "xlsm", "xltx", "xltm", "xlsb", "xls", "xlt", "ods", "ots", "csv", "tsv", "tab", "txt"}
_SAME = {"xltx": "xlsx", "xltm": "xlsm", "xlt": "xls", "ots": "ods", "tsv": "csv", "tab": "csv", "txt": "csv"}


@dataclass(frozen=True, slots=True)
class Sniffed:
    """The format of a file, and notes for the analyst such as `wrong_extension`."""

    format: str
    notes: tuple[Note, ...] = ()


def sniff(data: bytes, name: str) -> Sniffed:
    """Return the format of a file, or raise `Refused` with the code of what the file is instead."""
    if not data.strip(b"\x00\t\r\n \xef\xbb\xbf\xff\xfe"):
        raise Refused("empty_file")
    if data.startswith(_OLE):
        found, notes = _sniff_ole(data)
    elif data.startswith(b"PK"):
        found, notes = _sniff_zip(data)
    elif data.startswith(_OLD_EXCEL):
        found, notes = "xls", []
    else:
        found, notes = _sniff_text(data), []
    extension = PurePath(name).suffix.lstrip(".").lower()
    if extension and _SAME.get(extension, extension) != found:
        notes.append(note("wrong_extension", extension=extension, format=found))
    return Sniffed(found, tuple(notes))


def _has_entry(data: bytes, entry: str) -> bool:
    """Tell whether an OLE file has a directory entry of this name (entries lie on 128-byte steps)."""
    wanted = entry.encode("utf-16-le") + b"\x00\x00"
    at = data.find(wanted, 512)
    while at >= 0:
        if at % 128 == 0:
            return True
        at = data.find(wanted, at + 1)
    return False


def _sniff_ole(data: bytes) -> tuple[str, list[Note]]:
    if _has_entry(data, "EncryptedPackage") or _has_entry(data, "EncryptionInfo"):
        raise Refused("password_protected")
    if len(data) < 1536 or _ole_is_cut(data):
        raise Refused("truncated_file", format="xls")
    if _has_entry(data, "WordDocument"):
        raise Refused("word_document")
    if _has_entry(data, "PowerPoint Document"):
        raise Refused("presentation")
    if not (_has_entry(data, "Workbook") or _has_entry(data, "Book")):
        raise Refused("ole_not_workbook")
    return "xls", [note("macros_ignored")] if _has_entry(data, "_VBA_PROJECT_CUR") else []


def _ole_is_cut(data: bytes) -> bool:
    """Tell whether a sector that the header names lies past the end of the file."""
    shift = struct.unpack_from("<H", data, 30)[0]
    if shift not in (9, 12):
        return True
    size = 1 << shift
    directory = struct.unpack_from("<I", data, 48)[0]
    sectors = [s for s in struct.unpack_from("<109I", data, 76) if s < 0xFFFFFFFA]
    return any((sector + 1) * size >= len(data) for sector in [*sectors, directory])


_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"xl/workbook.bin", "xlsb"),
    (b"xl/vbaProject.bin", "xlsm"),
    (b"xl/workbook.xml", "xlsx"),
    (_ODS, "ods"),
)
_OTHER_ZIPS: tuple[tuple[bytes, str], ...] = (
    (b"word/document.xml", "word_document"),
    (b"ppt/presentation.xml", "presentation"),
    (b"application/vnd.oasis.opendocument.text", "word_document"),
    (b"application/vnd.oasis.opendocument.presentation", "presentation"),
    (b"Index/Document.iwa", "numbers_file"),
)
_WORKBOOK_PART = re.compile(rb"[\w./-]{0,60}workbook[\w-]{0,20}\.(xml|bin)")


def _sniff_zip(data: bytes) -> tuple[str, list[Note]]:
    """Tell a workbook from other zips by the member names, which stand in the clear in the file."""
    if b"PK\x05\x06" not in data[-66_000:]:
        raise Refused("truncated_file", format="zip")
    directory = data[_directory_start(data) :] or data
    names = data[:200] + directory
    for mark, code in _OTHER_ZIPS:
        if mark in names:
            raise Refused(code)
    for mark, found in _KINDS:
        if mark in names:
            return found, [note("macros_ignored")] if b"vbaProject.bin" in names else []
    if b"content.xml" in directory and _mimetype(data).startswith(_ODS):
        return "ods", []
    part = _WORKBOOK_PART.search(directory)
    if part:
        return ("xlsb" if part.group(1) == b"bin" else "xlsx"), []
    raise Refused("zip_not_workbook")


def _mimetype(data: bytes) -> bytes:
    """Return what an OpenDocument file says it is, also where that part was packed by another program."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open("mimetype") as part:
            return part.read(100)
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        EOFError,
        zlib.error,
    ):
        return b""


def _directory_start(data: bytes) -> int:
    """Return where the zip's list of members starts, 0 if its end record does not tell."""
    end = data.rfind(b"PK\x05\x06")
    if end < 0 or end + 22 > len(data):
        return 0
    start: int = struct.unpack_from("<I", data, end + 16)[0]
    return start if start < end else 0


def _sniff_text(data: bytes) -> str:
    for mark, code in _SIGNATURES:
        if data.startswith(mark):
            raise Refused(code)
    head = data[:65_536]
    if not data.startswith(_BOMS):
        _refuse_binary(head)
    _refuse_markup(_as_ascii(head).lstrip())
    return "csv"


def _refuse_markup(text: str) -> None:
    """Refuse web pages, XML and JSON, which are text but no table."""
    lowered = text[:4096].lower()
    if "urn:schemas-microsoft-com:office:spreadsheet" in lowered:
        raise Refused("excel_2003_xml")
    if re.match(r"<(!doctype html|html|head|body|table|meta|style)\b", lowered) or "<table" in lowered:
        raise Refused("html_file")
    if lowered.startswith("<?xml") or re.match(r"<!doctype|<[a-z][\w:-]*(\s[^<]*)?>", lowered):
        raise Refused("xml_file")
    if lowered.startswith("mime-version:"):
        raise Refused("html_file")
    if re.match(r'[{\[]\s*[{"\[]', text):
        raise Refused("json_file")


def _as_ascii(head: bytes) -> str:
    """Return the head of a text with its markup readable, whatever the encoding."""
    return head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").decode("latin-1")


def _refuse_binary(head: bytes) -> None:
    """Refuse bytes that no text encoding gives; UTF-16 without a mark has a zero at every other place."""
    controls = sum(head.count(bytes([code])) for code in (*range(1, 9), *range(14, 27), *range(28, 32)))
    zeros = head.count(b"\x00")
    if zeros:
        even, odd = head[0::2].count(b"\x00"), head[1::2].count(b"\x00")
        if min(even, odd) > zeros * 0.05 or max(even, odd) < len(head) * 0.01:
            raise Refused("binary_file")
    elif controls > len(head) * 0.02:
        raise Refused("binary_file")
