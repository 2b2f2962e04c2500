"""What the cells below a header look like, and the columns that are known by it alone.

A column of references, strength words or operator types is recognized by its values where its header
says nothing ("Type", "M/R") or nothing that is listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from criteria.normalising import is_strength_word, letters_of_strength, means_everybody
from workbooks.header_words import operator_types, tick
from workbooks.model import Grid, range_bounds

REFERENCE = re.compile(r"^\W?[A-Za-z]{0,8}[-. ]?\d{1,4}([.\-/]\w{1,4}){0,5}\W{0,2}$|^[A-Z]\W?$")
BY_VALUES = "(by its values)"
_SAMPLE = 40
_LONGEST_LIST = 80
_LEAST_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """One column and the field proposed for it; `ticked` where cells hold marks under a telling header."""

    column: int
    field: str
    header: str
    score: float
    word: str
    ticked: bool = False


class ColumnSample:
    """What the cells below a header look like, column by column."""

    def __init__(self, grid: Grid, below: int) -> None:
        self.grid = grid
        self.rows = range(below + 1, min(grid.last_row, below + _SAMPLE) + 1)
        self._texts: dict[int, list[str]] = {}

    @property
    def columns(self) -> range:
        """Return the numbers of the sheet's columns."""
        return range(1, self.grid.last_column + 1)

    def texts(self, column: int) -> list[str]:
        """Return the first texts of a column; cells merged across columns are headings, not values."""
        if column not in self._texts:
            cells = (self.grid.cells.get((row, column)) for row in self.rows)
            self._texts[column] = [c.text.strip() for c in cells if c and not _is_wide(c.merged_range)]
        return self._texts[column]

    def mean_length(self, column: int) -> float:
        """Return the mean length of a column's texts, in characters."""
        texts = self.texts(column)
        return sum(map(len, texts)) / len(texts) if texts else 0.0

    def share(self, column: int, test: re.Pattern[str]) -> float:
        """Return which share of a column's texts a pattern matches, 0 to 1."""
        texts = self.texts(column)
        return sum(bool(test.match(text)) for text in texts) / len(texts) if texts else 0.0

    def is_ticked(self, column: int) -> bool:
        """Return whether a column holds tick marks only, at least one of them a yes."""
        marks = [tick(text) for text in self.texts(column)]
        return True in marks and None not in marks


def _is_wide(merged_range: str) -> bool:
    bounds = range_bounds(merged_range) if merged_range else None
    return bounds is not None and bounds[3] > bounds[1]


def by_values(
    found: Sequence[ColumnMatch], texts: Mapping[int, str], sample: ColumnSample, taken: set[int]
) -> list[ColumnMatch]:
    """Find columns without a telling header: references, strengths, operator types."""
    fields = {match.field: match.column for match in found}
    if "requirement" not in fields:
        return []
    made: list[ColumnMatch] = []
    tests: tuple[tuple[str, Sequence[int], Callable[[ColumnSample, int], bool]], ...] = (
        ("ref", range(1, fields["requirement"]), _holds_references),
        ("strength", sample.columns, _holds_strengths),
        ("operators", sample.columns, _holds_operators),
    )
    for field, columns, test in tests:
        used = taken | {match.column for match in made}
        hit = next((c for c in columns if c not in used and test(sample, c)), None)
        if field not in fields and hit is not None:
            made.append(ColumnMatch(hit, field, texts.get(hit, ""), 50.0, BY_VALUES))
    return made


def _holds_references(sample: ColumnSample, column: int) -> bool:
    return sample.share(column, REFERENCE) >= 0.7 and len(sample.texts(column)) > 1


def _holds_strengths(sample: ColumnSample, column: int) -> bool:
    texts = sample.texts(column)
    if len(texts) < 2 or sample.is_ticked(column):
        return False
    if len(set(texts)) > 1 and all(letters_of_strength(texts).get(text) for text in texts):
        return True
    return sum(is_strength_word(text) for text in texts) >= _LEAST_SHARE * len(texts)


def _holds_operators(sample: ColumnSample, column: int) -> bool:
    texts = sample.texts(column)
    named = sum(len(text) <= _LONGEST_LIST and bool(operator_types(text)) for text in texts)
    everybody = sum(means_everybody(text) for text in texts)
    return len(texts) > 1 and named > 0 and named + everybody >= _LEAST_SHARE * len(texts)
