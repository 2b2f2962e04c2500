"""A first look at the binary sheets of an .xlsb workbook: limits, and what the reader does not tell.

The reader for .xlsb gives values only, and it lays out a dense table from the first cell to the last, so
a single far cell would cost it gigabytes. This scan walks the records (a type, a length, a content) and
keeps merged ranges, hidden rows and columns, error cells and the reading direction. The record numbers
come from Microsoft's published description of the format, [MS-XLSB].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from workbooks.details import SheetDetails, Style
from workbooks.guards import LIMITS, Limits
from workbooks.model import Refused, column_letter
from workbooks.xml_scan import Tally

_ROW, _BEGIN_VIEW, _COLUMN, _MERGE, _SHEET = 0, 137, 60, 176, 156
_CELLS = frozenset(range(1, 12))
_ERRORS = frozenset((3, 11))
_FONT, _FORMAT, _XF, _BEGIN_CELL_XFS, _END_CELL_XFS = 43, 44, 47, 617, 618
_ERROR_NAMES = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


def records(data: bytes) -> Iterator[tuple[int, memoryview]]:
    """Yield each record's number and content; a record that runs past the end raises `Refused`."""
    view, at, end = memoryview(data), 0, len(data)
    while at < end:
        number, at = _varint(data, at, 2)
        size, at = _varint(data, at, 4)
        if at + size > end:
            raise Refused("damaged_file", detail="a record of a binary sheet runs past its end")
        yield number, view[at : at + size]
        at += size


def _varint(data: bytes, at: int, longest: int) -> tuple[int, int]:
    """Return a number of seven bits a byte; a record's own number keeps its continuation bits apart."""
    value = 0
    for step in range(longest):
        if at >= len(data):
            raise Refused("damaged_file", detail="a binary sheet ends inside a record")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << (7 * step)
        if not byte & 0x80:
            break
    return value, at


class BinarySheetScan:
    """Scans the binary sheets of one workbook under shared limits."""

    def __init__(self, tally: Tally, styles: tuple[Style, ...] = (), limits: Limits = LIMITS) -> None:
        self.tally, self.styles, self.limits = tally, styles, limits

    def sheet(self, data: bytes, part: str) -> SheetDetails:
        """Return what one sheet holds beside its values, or raise `Refused` where a limit is passed."""
        details = SheetDetails()
        row = rows_seen = 0
        for number, body in records(data):
            if number in _CELLS and len(body) >= 8:
                self._cell(details, number, row, body, part)
            elif number == _ROW and len(body) >= 12:
                row = struct.unpack_from("<I", body)[0]
                rows_seen += 1
                self._row(details, row, rows_seen, body, part)
            else:
                self._other(details, number, body, part)
        return details

    def _row(self, details: SheetDetails, row: int, seen: int, body: memoryview, part: str) -> None:
        if seen > self.limits.rows:
            raise Refused("too_many_rows", limit=f"{self.limits.rows:,}", part=part)
        # Bytes 10 to 12 hold the flags of the row: outline level (3 bits of byte 11), then hidden.
        if body[11] & 0x10:
            details.hidden_rows.add(row + 1)

    def _cell(self, details: SheetDetails, number: int, row: int, body: memoryview, part: str) -> None:
        column, style = struct.unpack_from("<2I", body)
        self.tally.cells += 1
        if self.tally.cells > self.limits.cells:
            raise Refused("too_many_cells", limit=f"{self.limits.cells:,}", part=part)
        if row >= self.limits.rows or column >= self.limits.columns:
            last = f"{column_letter(self.limits.columns)}{self.limits.rows}"
            address = f"{column_letter(column + 1)}{row + 1}"
            raise Refused("cell_far_outside", part=part, address=address, last=last)
        look = style & 0xFFFFFF
        if look < len(self.styles) and not self.styles[look].plain:
            details.styles[row + 1, column + 1] = self.styles[look]
        if number in _ERRORS and len(body) >= 9:
            details.errors[row + 1, column + 1] = _ERROR_NAMES.get(body[8], "#ERROR!")

    def _other(self, details: SheetDetails, number: int, body: memoryview, part: str) -> None:
        if number == _MERGE and len(body) >= 16:
            top, bottom, left, right = struct.unpack_from("<4I", body)
            reference = f"{column_letter(left + 1)}{top + 1}:{column_letter(right + 1)}{bottom + 1}"
            self.tally.merged_cells += (max(bottom - top, 0) + 1) * (max(right - left, 0) + 1)
            if self.tally.merged_cells > self.limits.merged_cells:
                limit = f"{self.limits.merged_cells:,}"
                raise Refused("merged_range_too_large", part=part, range=reference, limit=limit)
            details.merged_ranges.append(reference)
        elif number == _COLUMN and len(body) >= 18:
            first, last = struct.unpack_from("<2I", body)
            if body[16] & 0x01 and last < 16_384:
                details.hidden_columns.update(range(first + 1, min(last, self.limits.columns) + 2))
        elif number == _BEGIN_VIEW and len(body) >= 2:
            details.right_to_left = bool(body[0] & 0x20)


def sheet_parts(workbook_part: bytes) -> list[tuple[str, str]]:
    """Return each sheet's relationship id and name, in the order of the workbook."""
    found: list[tuple[str, str]] = []
    for number, body in records(workbook_part):
        if number == _SHEET and len(body) > 12:
            rel, at = _wide_string(body, 8)
            name, _ = _wide_string(body, at)
            found.append((rel, name))
    return found


def _wide_string(body: memoryview, at: int) -> tuple[str, int]:
    length = struct.unpack_from("<I", body, at)[0]
    end = at + 4 + 2 * length
    if end > len(body):
        raise Refused("damaged_file", detail="a name in the binary workbook runs past its end")
    return bytes(body[at + 4 : end]).decode("utf-16-le", "replace"), end


def styles(styles_part: bytes) -> tuple[Style, ...]:
    """Return the looks that cells refer to by number, from the workbook's styles part."""
    fonts: list[tuple[bool, bool]] = []
    formats: dict[int, str] = {}
    looks: list[Style] = []
    inside = False
    for number, body in records(styles_part):
        if number in (_BEGIN_CELL_XFS, _END_CELL_XFS):
            inside = number == _BEGIN_CELL_XFS
        elif number == _FONT and len(body) >= 6:
            _, flags, weight = struct.unpack_from("<3H", body)
            fonts.append((bool(flags & 0x08), weight >= 600))
        elif number == _FORMAT and len(body) >= 6:
            formats[struct.unpack_from("<H", body)[0]] = _wide_string(body, 2)[0]
        elif number == _XF and inside and len(body) >= 6:
            _, format_id, font = struct.unpack_from("<3H", body)
            struck, bold = fonts[font] if font < len(fonts) else (False, False)
            looks.append(Style(struck, bold, formats.get(format_id, _BUILT_IN.get(format_id, ""))))
    return tuple(looks)


_BUILT_IN = {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 49: "@"}
