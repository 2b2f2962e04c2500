"""The cells of a worksheet and the table of shared texts of an .xlsx, each read in one pass of expat.

Most of an import's time went into the tree of elements and objects that openpyxl builds for each cell; here a
cell is four values. Everything else of a workbook is still openpyxl's. What a cell's values mean follows
openpyxl, so that the two read alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import IO, Any, NamedTuple
from xml.parsers import expat

from openpyxl.utils.cell import coordinate_to_tuple, get_column_letter
from openpyxl.utils.datetime import from_excel, from_ISO8601
from openpyxl.xml.constants import SHEET_MAIN_NS

from workbooks.model import column_letter

_DIGITS = "0123456789"
_COLUMNS = {column_letter(number): number for number in range(1, 257)}
_NO = ("false", "f", "0")
Attributes = dict[str, str]


class Run(NamedTuple):
    """A part of a text with its own look; None where it looks like the rest of its cell."""

    text: str
    struck: bool | None = None
    bold: bool | None = None


_from_iso: Callable[[str], Any] = from_ISO8601
Text = str | tuple[Run, ...]
"""A text in one look, or in several."""


@dataclass(slots=True)
class RawCell:
    """A cell as the file has it, in the place of openpyxl's own, which gives it its comment."""

    value: Any
    data_type: str
    style_id: int
    comment: Any = None


@dataclass(slots=True)
class Formats:
    """What cells need of a workbook: its shared texts, its first day, and which styles show dates."""

    shared: Sequence[Text]
    epoch: dt.datetime
    dates: Container[int]
    durations: Container[int]


class _TextReader:
    """Reads what <si> and <is> have in common: a text, or runs of text with their looks."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.plain, self.runs = "", list[Run]()
        self.aside = self.in_run = False
        self.run_text = ""
        self.look: dict[str, bool] | None = None
        self.starts: dict[str, Callable[[Attributes], None]] = {}
        self.ends: dict[str, Callable[[], None]] = {}
        self._on("t", self._start_text, self._end_text)
        self._on("r", self._start_run, self._end_run)
        self._on("rPh", self._start_aside, self._end_aside)
        self._on("rPr", self._start_look)
        self._on("b", lambda attributes: self._take_look("bold", attributes))
        self._on("strike", lambda attributes: self._take_look("struck", attributes))

    def _on(
        self, name: str, start: Callable[[Attributes], None] | None, end: Callable[[], None] | None = None
    ) -> None:
        if start is not None:
            self.starts[f"{SHEET_MAIN_NS} {name}"] = start
        if end is not None:
            self.ends[f"{SHEET_MAIN_NS} {name}"] = end

    def read(self, source: IO[bytes]) -> None:
        """Read a part to its end; raises what is wrong with it."""
        starts, ends = self.starts.get, self.ends.get

        def start(name: str, attributes: Attributes) -> None:
            handler = starts(name)
            if handler is not None:
                handler(attributes)

        def end(name: str) -> None:
            handler = ends(name)
            if handler is not None:
                handler()

        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler = self.parts.append
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.ParseFile(source)

    def _start_text(self, attributes: Attributes) -> None:
        self.parts.clear()

    def _end_text(self) -> None:
        if self.aside:
            return
        # openpyxl takes this piece of an escape away too.
        text = "".join(self.parts).replace("x005F_", "")
        if self.in_run:
            self.run_text = text
        else:
            self.plain = text

    def _start_run(self, attributes: Attributes) -> None:
        self.in_run, self.run_text, self.look = True, "", None

    def _end_run(self) -> None:
        self.in_run = False
        if self.look is None:
            self.runs.append(Run(self.run_text))
        else:
            self.runs.append(Run(self.run_text, self.look.get("struck", False), self.look.get("bold", False)))

    def _start_aside(self, attributes: Attributes) -> None:
        """A reading aid above Chinese characters is no part of the text."""
        self.aside = True

    def _end_aside(self) -> None:
        self.aside = False

    def _start_look(self, attributes: Attributes) -> None:
        self.look = {}

    def _take_look(self, name: str, attributes: Attributes) -> None:
        if self.in_run and self.look is not None:
            self.look[name] = attributes.get("val", "1") not in _NO

    def _taken(self) -> Text:
        """Return the text that has ended and be ready for the next."""
        plain, self.plain = self.plain, ""
        if not self.runs:
            return plain
        runs, self.runs = tuple(self.runs), []
        if plain:
            return plain
        return runs[0].text if len(runs) == 1 and runs[0].struck is None else runs


def _refuse_doctype(*_: object) -> None:
    raise ValueError("a document type declaration has no place in a sheet")


class SharedTexts(_TextReader):
    """The table of shared texts."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[Text] = []
        self._on("si", None, lambda: self.texts.append(self._taken()))


class SheetCells(_TextReader):
    """The cells of one sheet that hold something, the columns as openpyxl takes them, the hidden rows."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self.formats = formats
        self.cells: dict[tuple[int, int], RawCell] = {}
        self.columns: dict[str, Attributes] = {}
        self.hidden_rows: set[int] = set()
        self.row = self.column = 0
        self.kind, self.style = "n", 0
        self.value: str | None = None
        self.text: Text | None = None
        self._on("row", self._start_row)
        self._on("c", self._start_cell, self._end_cell)
        self._on("v", self._start_text, self._end_value)
        self._on("is", None, self._end_inline)
        self._on("col", self._take_column)

    def _start_row(self, attributes: Attributes) -> None:
        number = attributes.get("r")
        self.row = self.row + 1 if number is None else int(float(number))
        self.column = 0
        height = attributes.get("ht")
        if attributes.get("hidden", "0") not in _NO or (height is not None and float(height) == 0):
            self.hidden_rows.add(self.row)

    def _start_cell(self, attributes: Attributes) -> None:
        address = attributes.get("r")
        if address:
            letters = address.rstrip(_DIGITS)
            known = _COLUMNS.get(letters)
            if known is not None and len(letters) < len(address):
                self.column, self.row = known, int(address[len(letters) :])
            else:
                self.row, self.column = coordinate_to_tuple(address)
        else:
            self.column += 1
        self.kind = attributes.get("t", "n")
        self.style = int(attributes.get("s", 0))
        self.value = self.text = None

    def _end_value(self) -> None:
        self.value = "".join(self.parts) or None

    def _end_inline(self) -> None:
        self.text = self._taken()

    def _end_cell(self) -> None:
        if self.kind == "inlineStr":
            value, kind = self.text, "s"
        elif self.value is None:
            return
        else:
            value, kind = self._typed(self.value)
        if value is not None:
            self.cells[self.row, self.column] = RawCell(value, kind, self.style)

    def _typed(self, value: str) -> tuple[Any, str]:
        """Return a written value as what it stands for, and the kind of cell it makes."""
        kind = self.kind
        if kind == "s":
            return self.formats.shared[int(value)], kind
        if kind == "n":
            number = float(value) if "." in value or "e" in value or "E" in value else int(value)
            return self._dated(number) if self.style in self.formats.dates else (number, kind)
        if kind == "b":
            return bool(int(value)), kind
        if kind == "d":
            return _from_iso(value), kind
        return value, "s" if kind == "str" else kind

    def _dated(self, number: float) -> tuple[Any, str]:
        try:
            duration = self.style in self.formats.durations
            return from_excel(number, self.formats.epoch, timedelta=duration), "d"
        except (OverflowError, ValueError):  # no day has this number
            return "#VALUE!", "e"

    def _take_column(self, attributes: Attributes) -> None:
        letter = get_column_letter(int(attributes["min"]))
        self.columns[letter] = {**attributes, "index": letter}
