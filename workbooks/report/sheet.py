"""Sheets and cells on top of XlsxWriter: safe texts, row heights, links, print set-up, return codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO, Final

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.core import Core  # type: ignore[import-untyped]
from xlsxwriter.packager import Packager  # type: ignore[import-untyped]

from workbooks.report.cells import FIRST_ROW, HEADER_ROW, Cell, Column, Place, Value
from workbooks.report.styles import LINE_HEIGHT, MOST_HEIGHT, SIZE, STYLES, Style
from workbooks.report.texts import like_a_formula, line_count, safe, shorten

LANGUAGE: Final = "en-US"
_A4: Final = 9
_PADDING: Final = 5.0


class _CoreWithLanguage(Core):  # type: ignore[misc]
    """The document's core properties with its language, which XlsxWriter has no setting for."""

    def _write_cp_content_status(self) -> None:
        super()._write_cp_content_status()
        self._xml_data_element("dc:language", LANGUAGE)


class _Packager(Packager):  # type: ignore[misc]
    def _write_core_file(self) -> None:
        core = _CoreWithLanguage()
        core._set_properties(self.workbook.doc_properties)
        core._set_xml_writer(self._filename("docProps/core.xml"))
        core._assemble_xml_file()


class _Workbook(xlsxwriter.Workbook):  # type: ignore[misc]
    def _get_packager(self) -> Packager:
        return _Packager()


@dataclass(slots=True)
class Book:
    """A workbook being written; formats are made once for each style. `home` is the sheet to go back to."""

    workbook: Any
    marking: str
    footer: str
    home: str = "Summary"
    formats: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        target: BinaryIO,
        *,
        title: str,
        subject: str,
        marking: str,
        footer: str,
        as_of: date,
        home: str = "Summary",
    ) -> Book:
        """Return an empty workbook. Its creation date is that of the comparison, so that results repeat."""
        workbook = _Workbook(
            target,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": False,
                "default_format_properties": {"font_name": "Arial", "font_size": 10},
            },
        )
        workbook.set_properties(
            {
                "title": safe(title),
                "subject": safe(subject),
                "author": "mutual-recognition",
                "category": "Customs mutual recognition",
                "keywords": "mutual recognition, side-by-side comparison",
                "comments": safe(marking),
                "created": datetime(as_of.year, as_of.month, as_of.day),  # noqa: DTZ001 - XlsxWriter takes it as UTC
            }
        )
        return cls(workbook, marking, footer, home)

    def format(self, style: str | Style, *, quoted: bool = False) -> Any:
        """Return the format of a style; `quoted` keeps a text a text when it is typed in again."""
        properties = dict(STYLES[style] if isinstance(style, str) else style)
        if quoted:
            properties["quote_prefix"] = True
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.workbook.add_format(properties)
        return self.formats[key]

    def sheet(
        self,
        name: str,
        title: str,
        lead: str,
        *,
        across: int = 6,
        pages_wide: int = 1,
        portrait: bool = False,
    ) -> Sheet:
        """Add a sheet with its marking, title and lead; `across` columns carry the band of the marking."""
        made = Sheet(self, name, self.workbook.add_worksheet(name), pages_wide)
        made.prepare_print(portrait)
        made.head(title, lead, across)
        return made

    def close(self) -> None:
        """Write the file."""
        self.workbook.close()


def _escaped(text: str, most: int) -> str:
    """Return a text for a page header: control codes of Excel's headers doubled, and not too long."""
    plain = " ".join(safe(text).split())
    return plain[:most].replace("&", "&&")


@dataclass(slots=True)
class Sheet:
    """One sheet being written."""

    book: Book
    name: str
    worksheet: Any
    pages_wide: int = 1
    widths: dict[int, float] = field(default_factory=dict)

    def prepare_print(self, portrait: bool) -> None:
        """Set paper, margins, and the page header and footer that carry the marking."""
        sheet = self.worksheet
        sheet.set_portrait() if portrait else sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(self.pages_wide, 0)
        if self.pages_wide > 1:
            sheet.print_across()
        sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.65)
        marking = _escaped(self.book.marking, 100)
        _done(sheet.set_header(f'&L&"Arial,Regular"&8{_named(self.name)}&C&"Arial,Bold"&9 {marking}'))
        foot = _escaped(self.book.footer, 80)
        _done(
            sheet.set_footer(
                f'&L&"Arial,Regular"&7 {foot}&C&"Arial,Bold"&9 {marking}&R&"Arial,Regular"&8 &P / &N'
            )
        )
        sheet.hide_gridlines(2)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})

    def head(self, title: str, lead: str, across: int) -> None:
        """Write the marking, the title and the line below it, with the way back to the summary."""
        for column in range(1, across):
            self.write(0, column, Cell("", "marking"))
        self.write(0, 0, Cell(self.book.marking, "marking"))
        self.height(0, 18)
        self.write(1, 0, Cell(title, "title"))
        self.height(1, 26)
        home = self.book.home
        if not home:
            self.write(2, 0, Cell(lead, "lead"))
        elif self.name == home:
            self.write(2, 0, Cell("", "lead"))
        else:
            self.write(2, 0, Cell(f"← {home}", "back", Place(home)))
            self.write(2, 1, Cell(lead, "lead"))
        self.height(2, 18)

    def width(self, column: int, width: float) -> None:
        """Set a column's width in Excel's units."""
        self.widths[column] = width
        _done(self.worksheet.set_column(column, column, width))

    def height(self, row: int, points: float) -> None:
        """Set a row's height; never more than Excel can show."""
        _done(self.worksheet.set_row(row, min(points, MOST_HEIGHT)))

    def write(self, row: int, column: int, value: Value, style: str | Style = "text") -> None:
        """Write a value; texts are always written as texts, whatever they look like."""
        cell = value if isinstance(value, Cell) else Cell(value)
        chosen = cell.style or style
        if isinstance(cell.value, int):
            _done(self.worksheet.write_number(row, column, cell.value, self.book.format(chosen)))
            return
        text = cell.text
        form = self.book.format(chosen, quoted=like_a_formula(text))
        if not text:
            _done(self.worksheet.write_blank(row, column, None, form))
        elif cell.heading and text.startswith(f"{safe(cell.heading)}\n"):
            self._write_headed(row, column, cell, chosen, form)
        elif cell.link is not None:
            _done(self.worksheet.write_url(row, column, cell.link.url, form, text))
        else:
            _done(self.worksheet.write_string(row, column, text, form))

    def _write_headed(self, row: int, column: int, cell: Cell, style: str | Style, form: Any) -> None:
        heading = safe(cell.heading)
        plain = self.book.format(dict(STYLES[style] if isinstance(style, str) else style))
        bold = self.book.format({**(STYLES[style] if isinstance(style, str) else style), "bold": True})
        rest = cell.text.removeprefix(heading)
        _done(self.worksheet.write_rich_string(row, column, bold, heading, plain, rest, form))

    def merged(
        self,
        row: int,
        first: int,
        last: int,
        text: str,
        style: str | Style,
        height: float | None = None,
        lowest: float = 0,
    ) -> None:
        """Write a text over several columns of a row, high enough for it (or as high as told)."""
        room = sum(self.widths.get(column, 8.43) for column in range(first, last + 1))
        form = self.book.format(style, quoted=like_a_formula(safe(text)))
        if last > first:
            _done(self.worksheet.merge_range(row, first, row, last, "", form))
        self.write(row, first, Cell(text, style))
        size = float((STYLES[style] if isinstance(style, str) else style).get("font_size", SIZE))
        needed = line_count(safe(text), room, size) * LINE_HEIGHT * size / SIZE + _PADDING
        self.height(row, height or max(needed, lowest))

    def row(self, row: int, values: Sequence[Value], columns: Sequence[Column], first: int = 0) -> None:
        """Write a row of a table, high enough for its longest text."""
        most = int((MOST_HEIGHT - _PADDING) / LINE_HEIGHT)
        lines = 1
        for offset, (value, column) in enumerate(zip(values, columns, strict=True)):
            cell = value if isinstance(value, Cell) else Cell(value)
            if column.overflow and isinstance(cell.value, str):
                shown = shorten(cell.text, column.width, most, column.overflow, SIZE)
                cell = Cell(shown, cell.style, cell.link)
            lines = max(lines, self._lines(cell, column))
            self.write(row, first + offset, cell, column.style)
        self.height(row, lines * LINE_HEIGHT + _PADDING)

    def _lines(self, cell: Cell, column: Column) -> int:
        """Return the lines a cell takes; bold letters are a tenth wider."""
        style = cell.style or column.style
        bold = (STYLES[style] if isinstance(style, str) else style).get("bold")
        width = column.width / 1.1 if bold else column.width
        if not cell.heading:
            return line_count(cell.text, width, SIZE)
        heading = safe(cell.heading)
        return line_count(heading, column.width / 1.1) + line_count(cell.text[len(heading) + 1 :], width)

    def header(self, row: int, columns: Sequence[Column], first: int = 0) -> None:
        """Write a table's header row; titles that stand upright need room for their length."""
        height = 0.0
        for offset, column in enumerate(columns):
            self.write(row, first + offset, Cell(column.title, column.header))
            turned = STYLES[column.header].get("rotation") == 90
            needed = (
                len(column.title) * 5.6 + 8
                if turned
                else line_count(column.title, column.width * 0.86) * LINE_HEIGHT + 8
            )
            height = max(height, needed)
        self.height(row, height)

    def table(
        self,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Value]],
        *,
        frozen: int = 1,
        nothing: str = "None.",
    ) -> int:
        """Write the sheet's table with filter, frozen header and print titles; return its last row."""
        for number, column in enumerate(columns):
            self.width(number, column.width)
        self.header(HEADER_ROW, columns)
        last = HEADER_ROW
        for last, values in enumerate(rows, FIRST_ROW):
            self.row(last, values, columns)
        if last == HEADER_ROW:
            last = FIRST_ROW
            self.row(last, [nothing, *[""] * (len(columns) - 1)], columns)
        _done(self.worksheet.autofilter(HEADER_ROW, 0, last, len(columns) - 1))
        self.worksheet.freeze_panes(FIRST_ROW, frozen)
        _done(self.worksheet.repeat_rows(HEADER_ROW))
        if self.pages_wide > 1:  # the title would be cut at the second page; the page header names the sheet
            _done(self.worksheet.print_area(HEADER_ROW, 0, last, len(columns) - 1))
        return last


def _named(name: str) -> str:
    """Return a sheet's name for the page header, apart from a font size before it."""
    return f" {_escaped(name, 40)}"


def _done(code: int | None) -> None:
    """Raise where XlsxWriter refused something, which would otherwise be lost silently."""
    if code:
        raise ValueError(f"The workbook library refused to write a cell or setting (code {code}).")


Progress = Callable[[str, int, int], None]
"""Called with the name of a sheet, its number from 1, and how many there are."""
