"""Which columns of an upload are read: saved layouts, what is detected, and what the analyst corrects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from criteria.problems import Problem, UnknownName
from workbooks.layout_files import load_layouts
from workbooks.layouts import Layout, Proposal, no_such_sheet, propose
from workbooks.named_columns import NamedColumns, settle
from workbooks.problem_codes import problem
from workbooks.reading import Workbook


class LayoutRequest(Protocol):
    """The part of an import request that is about layouts."""

    @property
    def sheets(self) -> tuple[str, ...]:
        """Return the sheets asked for, none for all."""

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """Return layouts to be used as they are."""

    @property
    def columns(self) -> tuple[NamedColumns, ...]:
        """Return columns named over what is detected."""

    @property
    def layout_name(self) -> str:
        """Return the name of a saved layout, "" for those of the program."""


def proposal_of(workbook: Workbook, request: LayoutRequest, workspace: Path | None, program: str) -> Proposal:
    """Return a layout for each sheet to be read, with the problems.

    Where columns were named and cannot be used, no sheet is read: nobody wants the guess instead.
    Raises UnknownName for a layout name that does not exist.
    """
    saved = _saved(workspace, request.layout_name, program)
    found = propose(workbook, saved=saved, given=request.layouts, sheets=request.sheets)
    problems = list(_faults(workbook, request.layouts))
    if not (request.columns or problems) or workbook.refusal:
        return found
    settled, faults = settle(workbook, request.columns, found.layouts)
    problems += faults
    if problems:
        reason = "the columns named for this import cannot be used"
        skipped = {sheet.name: found.skipped.get(sheet.name, reason) for sheet in workbook.sheets}
        return Proposal(skipped=skipped, problems=tuple(problems))
    given = (*settled, *request.layouts)
    return propose(workbook, saved=saved, given=given, sheets=request.sheets)


def _saved(workspace: Path | None, name: str, program: str) -> Sequence[Layout]:
    if workspace is None:
        return ()
    folder = workspace / "layouts"
    saved = load_layouts(folder, name or program)
    if name and not saved:
        raise UnknownName("layout", name, [path.stem for path in folder.glob("*.yaml")])
    return saved


def _faults(workbook: Workbook, layouts: Sequence[Layout]) -> list[Problem]:
    """Return what is wrong with layouts that are to be used as they are."""
    unknown = [no_such_sheet(one.sheet, workbook) for one in layouts if workbook.sheet(one.sheet) is None]
    empty = [one.sheet for one in layouts if one.column("requirement") is None]
    return [*unknown, *(problem("no_requirement_column", sheet=sheet) for sheet in empty)]
