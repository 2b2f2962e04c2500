"""The headings above a row: which of them still hold, and how they are nested."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbooks.model import Cell, range_bounds

_NUMBER = re.compile(
    r"^\W*(?:(?P<word>[^\W\d_]{2,12})\s+)?"
    r"(?:(?P<digits>\d{1,3}(?:\.\d+)*)(?=[\s.):]|$)|(?P<roman>[IVX]+)(?=[.):]|$)|(?P<letter>[A-Z])(?=[.):]|$))"
)


@dataclass(frozen=True, slots=True)
class _Level:
    """What headings of one level have in common: how they are numbered, or else how they look.

    `depth` counts the parts of a number such as 6.2; it is 0 for any other numbering.
    """

    numbering: str = ""
    depth: int = 0
    column: int = 0
    width: int = 0
    bold: bool = False


class Sections:
    """The open headings of a sheet, the outermost first."""

    def __init__(self) -> None:
        self._open: list[tuple[_Level, str]] = []

    @property
    def path(self) -> tuple[str, ...]:
        """Return the texts of the open headings."""
        return tuple(text for _, text in self._open)

    def heading(self, text: str, cell: Cell, ref: str = "", follows_heading: bool = False) -> None:
        """Open a heading. One of a level that is open closes that level and all below it.

        A heading that directly follows one of its own level is nested below it.
        """
        level = _level(text, cell, ref)
        if level.depth:
            self._close(next((at for at, (o, _) in enumerate(self._open) if o.depth >= level.depth), None))
        elif not level.numbering and follows_heading and self._open and self._open[-1][0] == level:
            # Two alike in a row: the first heads the second, so it is the outermost of its kind.
            first = next(at for at, (other, _) in enumerate(self._open) if other == level)
            self._open[first:] = self._open[-1:]
        else:
            alike = [at for at, (other, _) in enumerate(self._open) if other == level]
            self._close(alike[-1] if alike else None)
        self._open.append((level, text))

    def _close(self, start: int | None) -> None:
        if start is not None:
            del self._open[start:]


def _level(text: str, cell: Cell, ref: str) -> _Level:
    number = _NUMBER.match(ref or text)
    if number and number["digits"] and not number["word"]:
        return _Level("digits", number["digits"].count(".") + 1)
    if number:
        return _Level(f"{(number['word'] or '').casefold()} {number.lastgroup}")
    bounds = range_bounds(cell.merged_range) if cell.merged_range else None
    width = bounds[3] - bounds[1] + 1 if bounds else 1
    return _Level(column=cell.column, width=width, bold=cell.bold)
