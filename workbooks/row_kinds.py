"""What a row of a criteria sheet is: a criterion, the rest of the one above, a heading, or a header again.

Decided from where its texts stand, how they are merged, and what follows; the words themselves are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from workbooks.bullets import split_bullets
from workbooks.header_words import normalised
from workbooks.layouts import Layout
from workbooks.model import ERROR, NO_VALUE, Cell, Row, Sheet, column_number, range_bounds

_LONGEST_HEADING = 150
_SENTENCE_END = (".", "。", ";", "；", "؛", "!", "?", "؟")
_REFERENCE = re.compile(r"^[\W_]*(?:[^\W\d_]{1,12}[-. ]{0,2})?\d[\w.\-/()]*$")
_BULLET_START = re.compile(r"^\s*(?:[•●▪■◦‣∙⁃◆▶➢➤✓·・*\-–—]|\(?[a-z0-9]{1,3}[.)]\s)")
_GROUP_FIELDS = ("category", "section")
_TEXT_FIELDS = ("ref", "category", "section", "requirement", "translation")


class RowKind(Enum):
    """The kinds of filled rows; each filled row is exactly one of them."""

    TITLE = "title"
    HEADER = "header"
    CRITERION = "criterion"
    CONTINUATION = "continuation"
    SECTION = "section"
    NOT_READ = "not_read"


@dataclass(slots=True)
class RowView:
    """A row seen through a layout: its own cells by column, and by field where a field has one."""

    number: int
    hidden: bool
    own: dict[int, Cell]
    fields: dict[str, Cell]

    def text(self, field: str) -> str:
        """Return the row's own text in a field, "" if it has none that can be read."""
        cell = self.fields.get(field)
        return cell.live_text.strip() if cell and cell.kind not in (ERROR, NO_VALUE) else ""

    def has(self, *fields: str) -> bool:
        """Return whether the row has a cell of its own in one of the fields, readable or not."""
        return any(field in self.fields for field in fields)

    @property
    def only(self) -> Cell | None:
        """Return the row's cell if it is the only one."""
        return next(iter(self.own.values())) if len(self.own) == 1 else None


class RowKinds:
    """Tells the kinds of the rows of one sheet under one layout."""

    def __init__(self, sheet: Sheet, layout: Layout) -> None:
        self.sheet, self.layout = sheet, layout
        self.field_of: Mapping[int, str] = {c.number: c.field for c in layout.columns if not c.ticked}
        self.ticked = frozenset(c.number for c in layout.columns if c.ticked)
        requirement, ref = layout.column("requirement"), layout.column("ref")
        self.requirement = requirement.number if requirement else 0
        self.ref = ref.number if ref else 0
        self._header = {column_number(c): normalised(text) for c, text in layout.headers.items() if text}
        self._last_header = self._texts_of(layout.header_rows[-1]) if layout.header_rows else {}
        self.views = [self.view(row) for row in sheet.rows if row.number >= layout.first_row]
        self.mostly = self._filled_shares()
        self._group: dict[str, str] = {}

    def _texts_of(self, row: int) -> dict[int, str]:
        grid = self.sheet.grid
        return {
            column: normalised(cell.text)
            for column in range(1, grid.last_column + 1)
            if (cell := grid.cells.get((row, column)))
        }

    def view(self, row: Row) -> RowView:
        """Return a row as the layout shows it."""
        own = {cell.column: cell for cell in row.cells}
        fields = {self.field_of[column]: cell for column, cell in own.items() if column in self.field_of}
        return RowView(row.number, row.hidden, own, fields)

    def _filled_shares(self) -> dict[str, float]:
        """Return which share of the rows with a requirement fills each field."""
        with_text = [view for view in self.views if "requirement" in view.fields]
        total = len(with_text) or 1
        names = {field for view in with_text for field in view.fields}
        return {name: sum(name in view.fields for view in with_text) / total for name in names}

    def __iter__(self) -> Iterator[tuple[RowKind, RowView]]:
        before: RowKind | None = None
        for at, view in enumerate(self.views):
            after = self.views[at + 1] if at + 1 < len(self.views) else None
            kind = self._kind(view, after, before)
            if kind is RowKind.CRITERION:
                self._group = {name: view.text(name) or self._group.get(name, "") for name in _GROUP_FIELDS}
            yield kind, view
            before = kind

    def _kind(self, view: RowView, after: RowView | None, before: RowKind | None) -> RowKind:
        if self._is_header_again(view):
            return RowKind.HEADER
        if not view.fields and not view.own.keys() & self.ticked:
            return RowKind.SECTION if self._may_head(view) else RowKind.NOT_READ
        if self._is_section(view, after):
            return RowKind.SECTION
        if self._is_continuation(view, before):
            return RowKind.CONTINUATION
        if view.has("requirement", "ref", "translation"):
            return RowKind.CRITERION
        return RowKind.NOT_READ

    def _is_header_again(self, view: RowView) -> bool:
        """Tell whether a row repeats the header, as sheets made for printing do, or numbers its columns."""
        own = view.own
        if view.number == self.layout.first_row and self.layout.header_rows and _counts_columns(own):
            return True
        return len(own) >= 2 and any(
            len(own) == len(header) and all(normalised(own[c].text) == header.get(c) for c in own)
            for header in (self._header, self._last_header)
        )

    def _may_head(self, view: RowView) -> bool:
        """Tell whether a text outside all columns that are read can be a heading: alone, left of the text."""
        only = view.only
        return only is not None and only.column < self.requirement and len(only.text) <= _LONGEST_HEADING

    def _is_section(self, view: RowView, after: RowView | None) -> bool:
        only = view.only
        if only is not None:
            return self._heads_alone(only, view)
        if view.own.keys() - {cell.column for f, cell in view.fields.items() if f in _TEXT_FIELDS}:
            return False
        if view.has("requirement"):
            return self._is_numbered_heading(view, after)
        if not view.has("category", "section"):
            return False
        # A row with reference and category only is a heading unless every criterion fills its category.
        return max(self.mostly.get("category", 0.0), self.mostly.get("section", 0.0)) < 0.5

    def _heads_alone(self, cell: Cell, view: RowView) -> bool:
        """Tell whether the only cell of a row is a heading."""
        if cell.kind in (ERROR, NO_VALUE):
            return False
        if _width(cell) > 1 and cell.column <= self.requirement:
            return len(cell.text) <= 2 * _LONGEST_HEADING
        if cell.column == self.requirement:
            return self._reads_as_heading(cell) and cell.bold
        if cell.column == self.ref:
            return not _REFERENCE.match(cell.text.strip())
        return cell.column < self.requirement and view.has("category", "section")

    def _is_numbered_heading(self, view: RowView, after: RowView | None) -> bool:
        """Tell whether "6 | Seal security" heads rows 6.1, 6.2 …"""
        text, ref = view.fields["requirement"], view.text("ref").rstrip(". ")
        if not ref or not self._reads_as_heading(text) or after is None:
            return False
        following = after.text("ref")
        rest = following[len(ref) :]
        return following.startswith(ref) and bool(re.match(r"^[.\-/ ]?[\w]", rest)) and not rest[:1].isalpha()

    @staticmethod
    def _reads_as_heading(cell: Cell) -> bool:
        text = cell.text.strip()
        return (
            len(text) <= _LONGEST_HEADING
            and "\n" not in text
            and not text.endswith(_SENTENCE_END)
            and not _BULLET_START.match(text)
        )

    def _is_continuation(self, view: RowView, before: RowKind | None) -> bool:
        if before not in (RowKind.CRITERION, RowKind.CONTINUATION) or view.has("ref"):
            return False
        if any(view.text(name) not in ("", self._group.get(name)) for name in _GROUP_FIELDS):
            return False
        if self.ref and self._shares_reference(view):
            return True
        if not view.has("requirement"):
            return not view.has("category", "section") and not view.own.keys() & self.ticked
        if view.has("strength", "operators") or view.own.keys() & self.ticked:
            return False
        if self.ref:
            return True
        text = view.text("requirement")
        if view.only is None and not self._fills_little(view):
            return False
        return bool(_BULLET_START.match(text)) or (text[:1].islower() and not split_bullets(text).bullets)

    def _fills_little(self, view: RowView) -> bool:
        """Tell whether a row leaves empty what most rows with a requirement fill."""
        usual = {name for name, share in self.mostly.items() if share >= 0.8}
        return bool(usual - view.fields.keys())

    def _shares_reference(self, view: RowView) -> bool:
        """Tell whether the reference above is merged down over this row."""
        cell = self.sheet.grid.cell(view.number, self.ref)
        return cell is not None and cell.row < view.number


def _counts_columns(own: Mapping[int, Cell]) -> bool:
    """Tell whether a row reads 1, 2, 3 …, as forms number their columns."""
    texts = [own[column].text.strip(" ()[]（）.") for column in sorted(own)]
    return len(texts) >= 3 and texts == [str(number) for number in range(1, len(texts) + 1)]


def _width(cell: Cell) -> int:
    bounds = range_bounds(cell.merged_range) if cell.merged_range else None
    return bounds[3] - bounds[1] + 1 if bounds else 1
