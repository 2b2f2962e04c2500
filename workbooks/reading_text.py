"""Read .csv, .tsv and their kin: the encoding and the delimiter are found, and both can be given.

Order for the encoding: byte order mark, strict UTF-8, UTF-16 by its zeros, then chardet's guess, which is
reported so that the analyst can change it.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import PurePath

import chardet

from workbooks.guards import LIMITS, Limits
from workbooks.model import Cell, Note, Refused, Sheet, column_letter, note, rows_of
from workbooks.reading_xlsx import clean

DELIMITERS = (",", ";", "\t", "|")
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_GUARDED = re.compile("^'[=+\\-@\t\r\n＝＋－＠]")
"""An apostrophe put before a formula sign, as our own CSV files have it; it is no part of the text."""


def read_text(
    data: bytes, name: str, encoding: str = "", delimiter: str = "", limits: Limits = LIMITS
) -> tuple[list[Sheet], list[Note]]:
    """Return the one sheet of a text file, named after the file, and what was guessed."""
    notes: list[Note] = []
    text = _decoded(data, encoding, notes)
    given, text = _sep_line(text)
    chosen = delimiter or given or _delimiter(text)
    cells = _cells(text, chosen, limits, first_row=2 if given else 1)
    if not cells:
        raise Refused("empty_file")
    return [Sheet(PurePath(name).stem or "Sheet1", rows_of(cells, frozenset()))], notes


def _decoded(data: bytes, encoding: str, notes: list[Note]) -> str:
    if encoding:
        return _with(data, encoding, notes)
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return _with(data, codec, notes)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    guess = (
        _zeros(data) or chardet.detect(data, prefer_superset=True, compat_names=False)["encoding"] or "cp1252"
    )
    notes.append(note("encoding_guessed", encoding=guess))
    return _with(data, guess, notes)


def _zeros(data: bytes) -> str:
    """Return the UTF-16 whose zero bytes the text shows; "" where it has none."""
    even, odd = data[0:20_000:2].count(0), data[1:20_000:2].count(0)
    if not even + odd:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _with(data: bytes, encoding: str, notes: list[Note]) -> str:
    try:
        return data.decode(encoding)
    except LookupError as error:
        raise Refused("unknown_encoding", encoding=encoding) from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        notes.append(note("undecodable_text", encoding=encoding, line=line))
        return data.decode(encoding, "replace")


def _sep_line(text: str) -> tuple[str, str]:
    """Take off the first line "sep=;" that Excel writes for itself."""
    match = re.match(r'"?sep=(.)"?\r?\n', text)
    return (match[1], text[match.end() :]) if match else ("", text)


def _delimiter(text: str) -> str:
    """Return the delimiter that gives the most rows of the same width, the wider table on a tie."""
    sample = text[:200_000]
    return max(DELIMITERS, key=lambda mark: _regularity(sample, mark))


def _regularity(sample: str, delimiter: str) -> tuple[int, int]:
    widths: dict[int, int] = {}
    try:
        for number, row in enumerate(csv.reader(io.StringIO(sample), delimiter=delimiter)):
            if len(row) > 1:
                widths[len(row)] = widths.get(len(row), 0) + 1
            if number > 500:
                break
    except csv.Error:
        return (0, 0)
    if not widths:
        return (0, 0)
    width = max(widths, key=lambda w: (widths[w], w))
    return (widths[width] * (width - 1), width)


def _cells(text: str, delimiter: str, limits: Limits, first_row: int) -> list[Cell]:
    csv.field_size_limit(limits.file_bytes)
    cells: list[Cell] = []
    lines = io.StringIO(text.replace("\x00", ""), newline="")
    try:
        for number, row in enumerate(csv.reader(lines, delimiter=delimiter), first_row):
            _check(row, number, len(cells), limits)
            cells.extend(_row_cells(row, number))
    except csv.Error as error:
        raise Refused("damaged_file", detail=error) from error
    return cells


def _check(row: list[str], number: int, count: int, limits: Limits) -> None:
    if number > limits.rows:
        raise Refused("too_many_rows", limit=f"{limits.rows:,}", part="")
    if count + len(row) > limits.cells:
        raise Refused("too_many_cells", limit=f"{limits.cells:,}", part="")
    if len(row) > limits.columns and any(field.strip() for field in row[limits.columns :]):
        last = f"{column_letter(limits.columns)}{limits.rows}"
        raise Refused("cell_far_outside", part="", address=f"row {number}, field {len(row)}", last=last)


def _row_cells(row: list[str], number: int) -> list[Cell]:
    return [
        Cell(number, column, field[1:] if _GUARDED.match(field) else field)
        for column, value in enumerate(row, 1)
        if (field := clean(value)).strip()
    ]
