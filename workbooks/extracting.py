"""From sheets to criterion rows: what each row says, where it stands, and what is wrong with it.

`extract` reads nothing into the words: strengths, parameters and operator types are interpreted later, from
the texts kept here. Every filled row of a sheet that is read is counted once in the sheet's ledger.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from criteria.problems import Problem
from workbooks.bullets import split_bullets
from workbooks.cell_checks import check_cell, check_columns
from workbooks.garbage import collector_paused
from workbooks.header_words import is_circle, operator_types, tick
from workbooks.layouts import Layout, LayoutColumn, Proposal
from workbooks.model import ERROR, NO_VALUE, Cell, Sheet
from workbooks.problem_codes import problem
from workbooks.raw_criteria import (
    HIDDEN_ROW,
    HIDDEN_SHEET,
    JOINED_ROWS,
    NO_REFERENCE,
    STRUCK_OUT,
    Extraction,
    RawCriterion,
    SheetSummary,
)
from workbooks.reading import Workbook
from workbooks.repeated import across_sheets
from workbooks.row_kinds import RowKind, RowKinds, RowView
from workbooks.sections import Sections

_REFERENCE_IN_TEXT = re.compile(
    r"\s*([A-Z]{0,4}[-.]?\d{1,3}(?:[.\-]\d{1,3})+[a-z]?\.?|[A-Z]{1,4}-?\d{1,3}\.?)[\s):]+(?=\S)"
)
_JOINED = ("requirement", "translation", "evidence", "parameters", "notes", "strength", "operators")


@collector_paused()
def extract(workbook: Workbook, proposal: Proposal) -> Extraction:
    """Return the criterion rows of every sheet that has a layout, with all problems of the file.

    The problems of the workbook and of the proposal come first, then those of the rows in their order.
    """
    problems = [*workbook.problems, *proposal.problems]
    layouts = {layout.sheet: layout for layout in proposal.layouts}
    criteria: list[RawCriterion] = []
    summaries: list[SheetSummary] = []
    for sheet in workbook.sheets:
        layout = layouts.get(sheet.name)
        if layout is None:
            summaries.append(SheetSummary(sheet.name, skipped=proposal.skipped.get(sheet.name, "no layout")))
            continue
        reader = _SheetReader(sheet, layout)
        reader.run()
        found = reader.finished()
        criteria.extend(found)
        problems.extend(reader.problems)
        summaries.append(reader.summary(len(found)))
    merged, twice = across_sheets(criteria)
    return Extraction(tuple(merged), tuple(summaries), (*problems, *twice))


@dataclass(slots=True)
class _Draft:
    """A criterion while its rows are being joined."""

    row: int
    texts: dict[str, list[str]] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    section_path: tuple[str, ...] = ()
    flags: list[str] = field(default_factory=list)
    operators_from: str = ""

    def text(self, name: str) -> str:
        """Return a field's texts, one row a line."""
        return "\n".join(self.texts.get(name, ()))


class _SheetReader:
    """Reads one sheet under one layout."""

    def __init__(self, sheet: Sheet, layout: Layout) -> None:
        self.sheet, self.layout = sheet, layout
        self.kinds = RowKinds(sheet, layout)
        self.sections = Sections()
        self.drafts: list[_Draft] = []
        self.problems: list[Problem] = list(check_columns(sheet, layout))
        self.ledger: Counter[str] = Counter(_rows_above(sheet, layout))
        self.carried: dict[str, str] = {}
        self.waiting: list[_Heading] = []
        self.columns = [(column.number, column) for column in layout.columns if not column.ticked]
        self.ticked = [(column.number, column) for column in layout.columns if column.ticked]
        self.circles = {
            number: any(is_circle(v.own[number].text) for v in self.kinds.views if number in v.own)
            for number, _ in self.ticked
        }
        self.sheet_operators = sheet.name if operator_types(sheet.name) else ""

    def run(self) -> None:
        """Read every row once."""
        for kind, view in self.kinds:
            self.ledger[kind.value] += 1
            if kind is RowKind.SECTION:
                self._section(view)
            elif kind is RowKind.CRITERION:
                self._criterion(view)
            elif kind is RowKind.CONTINUATION:
                self._continue(view)
            elif kind is RowKind.NOT_READ:
                self._not_read(view)
        self._check_last()
        self._settle_headings()

    def _section(self, view: RowView) -> None:
        cells = sorted(view.own.values(), key=lambda cell: cell.column)
        text = " ".join(" ".join(cell.live_text.split()) for cell in cells)
        if all(cell.struck_out for cell in cells):
            self._report_heading("struck_out", _Heading(cells[0], text))
            return
        self.sections.heading(text, cells[0], view.text("ref"), follows_heading=bool(self.waiting))
        self.carried.clear()
        self.waiting.append(_Heading(cells[0], text))

    def _settle_headings(self, path: tuple[str, ...] = ()) -> None:
        """Report the headings since the last criterion that do not hold for the next: they head nothing."""
        for heading in self.waiting:
            if heading.text not in path:
                self._report_heading("section_without_criteria", heading)
        self.waiting.clear()

    def _report_heading(self, code: str, heading: _Heading) -> None:
        cell = heading.cell
        place = {"sheet": self.sheet.name, "cell": cell.address, "merged_range": cell.merged_range}
        self.problems.append(problem(code, **place, value=heading.text))

    def _criterion(self, view: RowView) -> None:
        self._check_last()
        self._settle_headings(self.sections.path)
        draft = _Draft(view.number, section_path=self.sections.path)
        self.drafts.append(draft)
        for number, column in self.columns:
            cell = self.sheet.grid.cell(view.number, number)
            if cell is not None:
                self._take(draft, column, cell, own=cell.row == view.number)
        self._take_ticks(draft, view)
        self._carry(draft)
        if not draft.text("operators") and self.sheet_operators:
            draft.texts["operators"] = [self.sheet_operators]
            draft.operators_from = "sheet"
        self._flag(draft, view)

    def _take(self, draft: _Draft, column: LayoutColumn, cell: Cell, own: bool) -> None:
        """Put a cell into the draft; a cell merged down from above gives its text without its problems."""
        name = column.field
        if own:
            self.problems.extend(check_cell(self.sheet.name, name, cell))
            if cell.comment:
                draft.comments.append(cell.comment)
        draft.cells.setdefault(name, cell.address)
        if cell.kind not in (ERROR, NO_VALUE):
            draft.texts.setdefault(name, []).append(cell.live_text.strip())
        if name == "operators":
            draft.operators_from = "column"

    def _take_ticks(self, draft: _Draft, view: RowView) -> None:
        for number, column in self.ticked:
            cell = self.sheet.grid.cell(view.number, number)
            if cell is None:
                continue
            answer = tick(cell.text, self.circles[number])
            if answer is None:
                self._take(draft, column, cell, own=cell.row == view.number)
            elif answer:
                draft.cells.setdefault(column.field, cell.address)
                said = column.matched if column.field == "strength" else column.header
                draft.texts.setdefault(column.field, []).append(said)
                draft.operators_from = "ticks" if column.field == "operators" else draft.operators_from

    def _carry(self, draft: _Draft) -> None:
        """Carry a category or section down to rows that leave it empty, until the next one."""
        for name in ("category", "section"):
            text = draft.text(name)
            if text:
                if name == "category" and text != self.carried.get(name):
                    self.carried.pop("section", None)
                self.carried[name] = text
            elif name in self.carried and name not in draft.cells:
                draft.texts[name] = [self.carried[name]]

    def _flag(self, draft: _Draft, view: RowView) -> None:
        cell = view.fields.get("requirement") or view.fields.get("ref")
        address = cell.address if cell else f"A{view.number}"
        if view.hidden:
            draft.flags.append(HIDDEN_ROW)
            self.problems.append(problem("hidden_row", sheet=self.sheet.name, cell=address))
        if self.sheet.visibility != "visible":
            draft.flags.append(HIDDEN_SHEET)
        if cell is not None and cell.struck_out:
            draft.flags.append(STRUCK_OUT)
            self._report("struck_out", draft, "requirement", cell.text)

    def _check_last(self) -> None:
        """Check the last criterion once all its rows have been joined."""
        if not self.drafts:
            return
        draft = self.drafts[-1]
        ref, requirement = draft.text("ref"), draft.text("requirement") or draft.text("translation")
        if not ref:
            draft.flags.append(NO_REFERENCE)
            if self.kinds.ref and "ref" not in draft.cells:
                self._report("missing_reference", draft, "requirement", requirement)
        if not requirement and "requirement" not in draft.cells:
            self._report("empty_requirement", draft, "ref", ref)

    def _report(self, code: str, draft: _Draft, name: str, value: str) -> None:
        address = draft.cells.get(name) or f"A{draft.row}"
        self.problems.append(problem(code, sheet=self.sheet.name, cell=address, field=name, value=value))

    def _continue(self, view: RowView) -> None:
        draft = self.drafts[-1]
        for name, cell in view.fields.items():
            if name in _JOINED:
                column = next(c for c in self.layout.columns if c.number == cell.column)
                self._take(draft, column, cell, own=True)
        self._report_joined(view)
        if JOINED_ROWS not in draft.flags:
            draft.flags.append(JOINED_ROWS)

    def _report_joined(self, view: RowView) -> None:
        """Tell of a joined row that reads like a sentence of its own; bullets and broken lines do not."""
        cell, text = view.fields.get("requirement"), view.text("requirement")
        reads_alone = text[:1].isalpha() and not text[:1].islower() and not split_bullets(text).bullets
        if cell is not None and reads_alone:
            place = {"sheet": self.sheet.name, "cell": cell.address, "field": "requirement"}
            self.problems.append(problem("row_joined", **place, value=text))

    def _not_read(self, view: RowView) -> None:
        cell = min(view.own.values(), key=lambda c: c.column)
        text = " | ".join(" ".join(c.text.split()) for c in view.own.values())
        reason = "it has no requirement and no reference"
        self.problems.append(
            problem("row_not_read", sheet=self.sheet.name, cell=cell.address, value=text, reason=reason)
        )

    def finished(self) -> list[RawCriterion]:
        """Return the criteria of the sheet; those without any text are left out, their problem stays."""
        drafts = [draft for draft in self.drafts if draft.text("requirement") or draft.text("translation")]
        if not self.kinds.ref and drafts:
            in_text = _take_references(drafts)
            code = "reference_in_text" if in_text else "no_reference_column"
            self.problems.append(problem(code, sheet=self.sheet.name))
        return [self._raw(draft) for draft in drafts]

    def _raw(self, draft: _Draft) -> RawCriterion:
        requirement = draft.text("requirement") or draft.text("translation")
        split = split_bullets(requirement)
        section = " ".join(draft.text("section").split())
        category = " ".join(draft.text("category").split())
        return RawCriterion(
            ref=" ".join(draft.text("ref").split()),
            requirement=requirement,
            sheet=self.sheet.name,
            row=draft.row,
            category_text=category or (draft.section_path[0] if draft.section_path else ""),
            section_path=(*draft.section_path, section) if section else draft.section_path,
            translation=draft.text("translation"),
            strength_text="; ".join(dict.fromkeys(draft.texts.get("strength", ()))),
            operators_text="; ".join(dict.fromkeys(draft.texts.get("operators", ()))),
            operators_from=draft.operators_from,
            parameters_text=draft.text("parameters"),
            evidence=draft.text("evidence"),
            notes=draft.text("notes"),
            comments=tuple(draft.comments),
            lead=split.lead,
            bullets=split.bullets,
            cells=draft.cells,
            flags=tuple(draft.flags),
        )

    def summary(self, criteria: int) -> SheetSummary:
        """Return what became of the sheet."""
        rows = self.layout.header_rows
        return SheetSummary(
            name=self.sheet.name,
            header_row=rows[-1] if rows else 0,
            layout=self.layout.source,
            rows=criteria,
            ledger=dict(self.ledger),
        )


@dataclass(frozen=True, slots=True)
class _Heading:
    cell: Cell
    text: str


def _take_references(drafts: Sequence[_Draft]) -> bool:
    """Take the references from the beginnings of the texts if most texts begin with one."""
    found = [_REFERENCE_IN_TEXT.match(draft.text("requirement")) for draft in drafts]
    if sum(match is not None for match in found) < 0.7 * len(drafts):
        return False
    for draft, match in zip(drafts, found, strict=True):
        if match is not None:
            draft.texts["ref"] = [match[1].rstrip(".")]
            draft.texts["requirement"] = [draft.text("requirement")[match.end() :]]
            draft.cells["ref"] = draft.cells["requirement"]
            draft.flags.remove(NO_REFERENCE)
    return True


def _rows_above(sheet: Sheet, layout: Layout) -> Iterable[str]:
    """Yield what the filled rows above the first criterion are: header or title."""
    for row in sheet.rows:
        if row.number in layout.header_rows:
            yield RowKind.HEADER.value
        elif row.number < layout.first_row:
            yield RowKind.TITLE.value
