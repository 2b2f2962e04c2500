"""A first look at an OpenDocument spreadsheet: limits, and what the value reader does not tell.

A cell or row that is repeated stands once in the file with a number, so a short file can mean a very
large table: the numbers are multiplied here before the reader lays the table out. The scan keeps merged
ranges, hidden rows and columns, comments, error cells, struck-out text, and the numbers and dates as the
sheet shows them ("1.10" is stored as 1.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from workbooks.details import SheetDetails, Style
from workbooks.model import Refused, column_letter
from workbooks.xml_scan import Attributes, PartScan, XmlScan

_HIDDEN = ("collapse", "filter")
_SHOWN_TYPES = ("float", "percentage", "currency", "date", "time", "boolean")


@dataclass(slots=True)
class _Look:
    """A style of the document, as far as it carries meaning."""

    struck: bool = False
    bold: bool = False
    hidden: bool = False
    right_to_left: bool = False


class OdsScan(PartScan):
    """Scans content.xml; `sheets` holds what was found, by sheet name in the order of the document."""

    def __init__(self, name: str, scan: XmlScan) -> None:
        super().__init__(name, scan)
        self.sheets: dict[str, SheetDetails] = {}
        self.looks: dict[str, _Look] = {}
        self.look = _Look()
        self.details = SheetDetails()
        self.row = self.rows = self.column = self.columns = self.width = self.next_column = 0
        self.in_table = self.in_cell = self.in_comment = False
        self.sheet = ""
        self.cell: Attributes = {}
        self.text: list[tuple[str, bool]] = []
        self.comment: list[str] = []
        self.spans: list[bool] = []

    def element(self, name: str, attributes: Attributes) -> None:
        """Follow the table: styles first, then tables, columns, rows, cells and their text."""
        own = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        handler = getattr(self, f"_on_{name.replace('-', '_')}", None)
        if handler is not None:
            handler(own)

    def closed(self, name: str) -> None:
        """Finish what `element` began."""
        if name in ("table-cell", "covered-table-cell"):
            self._finish_cell()
        elif name == "table-row":
            self.row += self.rows
        elif name == "annotation":
            self.in_comment = False
        elif name == "span" and self.spans:
            self.spans.pop()

    def _on_style(self, own: Attributes) -> None:
        self.look = self.looks[own.get("name", "")] = _Look()

    def _on_text_properties(self, own: Attributes) -> None:
        self.look.struck = own.get("text-line-through-style", "none") != "none"
        self.look.bold = own.get("font-weight") == "bold"

    def _on_table_properties(self, own: Attributes) -> None:
        self.look.hidden = own.get("display") == "false"
        self.look.right_to_left = own.get("writing-mode", "").startswith("rl")

    def _on_table(self, own: Attributes) -> None:
        if len(self.sheets) >= self.limits.sheets:
            raise Refused("too_many_sheets", found=f"over {self.limits.sheets}", limit=self.limits.sheets)
        self.sheet = own.get("name", "")
        self.details = self.sheets[self.sheet] = SheetDetails()
        look = self.looks.get(own.get("style-name", ""), _Look())
        self.details.right_to_left = look.right_to_left
        self.details.visibility = "hidden" if look.hidden else ""
        self.row, self.next_column = 1, 1

    def _on_table_column(self, own: Attributes) -> None:
        repeated = _repeat(own, "number-columns-repeated")
        if own.get("visibility") in _HIDDEN:
            last = min(self.next_column + repeated - 1, self.limits.columns)
            self.details.hidden_columns.update(range(self.next_column, last + 1))
        self.next_column += repeated

    def _on_table_row(self, own: Attributes) -> None:
        self.rows, self.column = _repeat(own, "number-rows-repeated"), 1
        if own.get("visibility") in _HIDDEN:
            last = min(self.row + self.rows - 1, self.limits.rows)
            self.details.hidden_rows.update(range(self.row, last + 1))

    def _on_table_cell(self, own: Attributes) -> None:
        self.cell, self.in_cell, self.text, self.comment, self.spans = own, True, [], [], []
        self.columns = _repeat(own, "number-columns-repeated")

    _on_covered_table_cell = _on_table_cell

    def _on_annotation(self, own: Attributes) -> None:
        self.in_comment = True

    def _on_p(self, own: Attributes) -> None:
        (self.comment.append("\n") if self.in_comment else self.text.append(("\n", False)))

    def _on_line_break(self, own: Attributes) -> None:
        self._on_p(own)

    def _on_s(self, own: Attributes) -> None:
        self.text.append((" " * min(_repeat(own, "c"), 1_000), False))

    def _on_span(self, own: Attributes) -> None:
        self.spans.append(self.looks.get(own.get("style-name", ""), _Look()).struck)

    def _text(self, text: str) -> None:
        super()._text(text)
        if self.in_comment:
            self.comment.append(text)
        elif self.in_cell:
            self.text.append((text, any(self.spans)))

    def _finish_cell(self) -> None:
        shown = "".join(text for text, _ in self.text).strip()
        kind = self.cell.get("value-type", "")
        if shown or kind not in ("", "string"):
            self._check_place()
            self._keep(shown, "error" if shown.startswith("#") and self.cell.get("formula") else kind)
        self._keep_merge()
        self.column += self.columns
        self.in_cell = False

    def _check_place(self) -> None:
        last_row, last_column = self.row + self.rows - 1, self.column + self.columns - 1
        if last_row > self.limits.rows or last_column > self.limits.columns:
            last = f"{column_letter(self.limits.columns)}{self.limits.rows}"
            address = f"{column_letter(min(last_column, 18_278))}{last_row}"
            raise Refused("cell_far_outside", sheet=self.sheet, cell=address, address=address, last=last)
        self.tally.cells += self.rows * self.columns
        if self.tally.cells > self.limits.cells:
            raise Refused("too_many_cells", limit=f"{self.limits.cells:,}", sheet=self.sheet)
        self.tally.text += self.rows * self.columns * sum(len(text) for text, _ in self.text)
        self._text("")

    def _keep(self, shown: str, kind: str) -> None:
        look = self.looks.get(self.cell.get("style-name", ""), _Look())
        struck = "".join(text for text, gone in self.text if gone).strip()
        kept = "".join(text for text, gone in self.text if not gone).strip()
        comment = "".join(self.comment).strip()
        for row in range(self.row, self.row + self.rows):
            for column in range(self.column, self.column + self.columns):
                place = (row, column)
                if kind == "error" or self.cell.get("value-type") == "error":
                    self.details.errors[place] = shown
                elif kind in _SHOWN_TYPES:
                    self.details.shown[place] = shown
                if look.struck or look.bold:
                    self.details.styles[place] = Style(look.struck, look.bold)
                if struck and not look.struck:
                    self.details.struck[place] = (struck, kept)
                if comment:
                    self.details.comments[place] = comment

    def _keep_merge(self) -> None:
        down, across = _repeat(self.cell, "number-rows-spanned"), _repeat(self.cell, "number-columns-spanned")
        if down * across == 1:
            return
        last = f"{column_letter(min(self.column + across - 1, 18_278))}{self.row + down - 1}"
        reference = f"{column_letter(min(self.column, 18_278))}{self.row}:{last}"
        self.tally.merged_cells += down * across
        if self.tally.merged_cells > self.limits.merged_cells:
            limit = f"{self.limits.merged_cells:,}"
            raise Refused("merged_range_too_large", sheet=self.sheet, range=reference, limit=limit)
        self.details.merged_ranges.append(reference)


def _repeat(own: Attributes, key: str) -> int:
    """Return how often something is repeated: a number of at least 1, whatever the file says."""
    value = own.get(key, "1")
    return max(int(value), 1) if value.isdecimal() and len(value) < 10 else 1
