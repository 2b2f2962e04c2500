"""Find the header of a criteria sheet and say which column holds what.

Each of the first 25 rows is scored alone and joined with the next by how many different fields its texts
name. A header needs the requirement and one field more. Ties go to the earlier row; a joined pair must
name more fields than either of its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbooks.column_values import BY_VALUES, REFERENCE, ColumnMatch, ColumnSample, by_values
from workbooks.header_words import FIELDS, Match, match_header, operator_types
from workbooks.model import Grid, Sheet, column_letter, range_bounds

ROWS_TRIED = 25
_LEAST_SCORE = 60.0
_LONGEST_HEADER_CELL = 80


@dataclass(frozen=True, slots=True)
class Header:
    """A header that was found: its rows, the proposed columns, and the text over every column."""

    rows: tuple[int, ...]
    columns: tuple[ColumnMatch, ...]
    texts: tuple[tuple[int, str], ...]
    sure: bool

    @property
    def score(self) -> tuple[int, float]:
        """Return how many fields are named, and how well on average."""
        fields = {match.field for match in self.columns if match.word != BY_VALUES}
        return len(fields), sum(match.score for match in self.columns) / max(len(self.columns), 1)


def find_header(sheet: Sheet) -> Header | None:
    """Return the best header among the first rows of a sheet, None if there is none."""
    finder = _Finder(sheet.grid)
    candidates = finder.candidates()
    if not candidates:
        return None
    best = max(
        candidates, key=lambda h: (h.score[0], h.sure, len(h.rows) == 1, round(h.score[1]), -h.rows[0])
    )
    return finder.completed(best)


def header_at(sheet: Sheet, row: int) -> Header | None:
    """Return the header in a row that was named, None if its texts name no field."""
    return _Finder(sheet.grid).in_row(row)


def header_texts(grid: Grid, rows: Sequence[int]) -> dict[int, str]:
    """Return the text over each column of a header, its rows joined, a merged range counted once."""
    texts = {column: _joined_text(grid, rows, column) for column in range(1, grid.last_column + 1)}
    return {column: text for column, text in texts.items() if text}


def _joined_text(grid: Grid, rows: Sequence[int], column: int) -> str:
    cells = [cell for row in rows if (cell := grid.cell(row, column))]
    return " ".join(" ".join(cell.text.split()) for cell in dict.fromkeys(cells))


def rows_seen(sheet: Sheet, limit: int = 3) -> str:
    """Return in one sentence what the first filled rows hold, for a message about a missing header."""
    shown = []
    for row in sheet.rows[:limit]:
        texts = [" ".join(cell.text.split())[:30] for cell in row.cells[:5]]
        shown.append(f"row {row.number}: {' | '.join(texts)}")
    return f"The first filled rows are {'; '.join(shown)}." if shown else ""


class _Finder:
    """Scores the candidate rows of one sheet."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        last = min(ROWS_TRIED, grid.last_row)
        self.rows = [row for row in range(1, last + 1) if self._is_filled(row)]

    def candidates(self) -> list[Header]:
        """Return every single row and joined pair that could be the header."""
        found: list[Header] = []
        singles = {row: self._header((row,)) for row in self.rows}
        for row in self.rows:
            single, below = singles[row], singles.get(row + 1)
            if single is not None and _is_header(single):
                found.append(single)
            pair = None if self._is_data(row + 1) else self._header((row, row + 1))
            if pair is not None and _is_header(pair):
                alone = max((h.score[0] for h in (single, below) if h is not None), default=0)
                if pair.score[0] > alone:
                    found.append(pair)
        return found

    def in_row(self, row: int) -> Header | None:
        """Return what one row is as a header, whatever it names."""
        return self._header((row,))

    def completed(self, header: Header) -> Header:
        """Return the header down to the last row that its merged cells reach."""
        last = header.rows[-1]
        for match in header.columns:
            for row in header.rows:
                cell = self.grid.cell(row, match.column)
                bounds = range_bounds(cell.merged_range) if cell and cell.merged_range else None
                if bounds and bounds[2] <= last + 2:
                    last = max(last, bounds[2])
        rows = tuple(range(header.rows[0], last + 1))
        if rows == header.rows:
            return header
        again = self._header(rows)
        return again if again is not None and again.score[0] >= header.score[0] else header

    def _is_filled(self, row: int) -> bool:
        return any((row, column) in self.grid.cells for column in range(1, self.grid.last_column + 1))

    def _is_data(self, row: int) -> bool:
        """Tell whether a row is no part of a header: empty, with a long text, or led by a reference."""
        columns = range(1, self.grid.last_column + 1)
        own = [cell for column in columns if (cell := self.grid.cells.get((row, column)))]
        if not own or any(len(cell.text) > _LONGEST_HEADER_CELL for cell in own):
            return True
        first = own[0].text.strip()
        return any(char.isdigit() for char in first) and bool(REFERENCE.match(first))

    def _header(self, rows: tuple[int, ...]) -> Header | None:
        matches = self._matches(rows)
        if not matches:
            return None
        sample = ColumnSample(self.grid, rows[-1])
        texts = header_texts(self.grid, rows)
        columns = assign(matches, texts, sample)
        strong = any(m.field == "requirement" and _is_strong(matches[m.column]) for m in columns)
        return Header(rows, tuple(columns), tuple(texts.items()), strong)

    def _matches(self, rows: tuple[int, ...]) -> dict[int, list[Match]]:
        """Return the fields each column could hold; a merged cell speaks for its best column only."""
        found: dict[int, list[Match]] = {}
        by_anchor: dict[tuple[int, int], list[int]] = {}
        sample = ColumnSample(self.grid, rows[-1])
        for column in range(1, self.grid.last_column + 1):
            bottom = self.grid.cell(rows[-1], column)
            if bottom is not None and len(rows) == 1:
                by_anchor.setdefault((bottom.row, bottom.column), []).append(column)
            matches = self._column_matches(rows, column)
            if matches:
                found[column] = matches
        for columns in by_anchor.values():
            best = max(columns, key=lambda c: (sample.mean_length(c), -c))
            for column in columns:
                if column != best:
                    found.pop(column, None)
        return found

    def _column_matches(self, rows: tuple[int, ...], column: int) -> list[Match]:
        texts = [self.grid.text(row, column) for row in rows]
        if len(rows) == 1:
            return list(match_header(texts[0]))
        joined = _joined_text(self.grid, rows, column)
        best: dict[str, Match] = {}
        # The lowest row is closest to the data; an upper row alone mostly heads a group of columns.
        for text, loss in ((texts[-1], 0.0), (joined, 2.0), (texts[0], 0.0 if not texts[-1] else 25.0)):
            for match in match_header(text):
                score = match.score - loss
                if match.field not in best or score > best[match.field].score:
                    best[match.field] = Match(match.field, score, match.word, match.weak)
        return sorted(best.values(), key=lambda m: -m.score)


def _is_header(header: Header) -> bool:
    fields = {match.field for match in header.columns if match.word != BY_VALUES}
    return "requirement" in fields and len(fields) >= 2


def _is_strong(matches: list[Match]) -> bool:
    return any(match.field in ("requirement", "translation") and not match.weak for match in matches)


def assign(
    matches: Mapping[int, Sequence[Match]], texts: Mapping[int, str], sample: ColumnSample
) -> list[ColumnMatch]:
    """Give each field its best column, then look at ticked columns and at a reference without header."""
    chosen: dict[str, ColumnMatch] = {}
    taken: set[int] = set()
    ranked = sorted(
        (-_rank(match, column, sample), column, FIELDS.index(match.field), match)
        for column, found in matches.items()
        for match in found
        if match.score >= _LEAST_SCORE
    )
    for _, column, _, match in ranked:
        if match.field not in chosen and column not in taken:
            chosen[match.field] = _column(column, match, texts, sample)
            taken.add(column)
    _translation_alone(chosen)
    found = [*chosen.values(), *_ticked(matches, texts, sample, taken)]
    taken.update(match.column for match in found)
    found.extend(by_values(found, texts, sample, taken))
    taken.update(match.column for match in found)
    found.extend(_short_titles(found, matches, texts, sample, taken))
    return sorted(found, key=lambda match: match.column)


def _rank(match: Match, column: int, sample: ColumnSample) -> float:
    """Return a match's score, moved by whether the column's cells look like that field."""
    length = sample.mean_length(column)
    if match.field == "requirement":
        return match.score + min(length / 3.0, 40.0)
    if match.field == "ref" and length > 40:
        return match.score - 45.0
    return match.score


def _column(column: int, match: Match, texts: Mapping[int, str], sample: ColumnSample) -> ColumnMatch:
    ticked = match.field in ("strength", "operators") and sample.is_ticked(column)
    return ColumnMatch(column, match.field, texts.get(column, ""), round(match.score, 1), match.word, ticked)


def _translation_alone(chosen: dict[str, ColumnMatch]) -> None:
    """Read a translation without an original as the requirement itself."""
    if "requirement" not in chosen and "translation" in chosen:
        only = chosen.pop("translation")
        chosen["requirement"] = ColumnMatch(only.column, "requirement", only.header, only.score, only.word)


def _ticked(
    matches: Mapping[int, Sequence[Match]], texts: Mapping[int, str], sample: ColumnSample, taken: set[int]
) -> list[ColumnMatch]:
    """Find columns of tick marks under an operator type or under a strength ("Must" | "Should")."""
    found: list[ColumnMatch] = []
    for column, text in texts.items():
        if not sample.is_ticked(column):
            continue
        strength = next((m for m in matches.get(column, ()) if m.field == "strength"), None)
        if operator_types(text) and column not in taken:
            found.append(ColumnMatch(column, "operators", text, 90.0, text, ticked=True))
        elif strength is not None and column not in taken:
            found.append(ColumnMatch(column, "strength", text, strength.score, strength.word, ticked=True))
    return found


def _short_titles(
    found: Sequence[ColumnMatch],
    matches: Mapping[int, Sequence[Match]],
    texts: Mapping[int, str],
    sample: ColumnSample,
    taken: set[int],
) -> list[ColumnMatch]:
    """Read a second requirement column whose texts are short ("Criterion" beside "Description") as titles."""
    if any(match.field == "section" for match in found):
        return []
    for column, fields in matches.items():
        for match in fields:
            if match.field == "requirement" and column not in taken and 0 < sample.mean_length(column) < 60:
                return [ColumnMatch(column, "section", texts.get(column, ""), 50.0, match.word)]
    return []


def describe(header: Header) -> str:
    """Return the proposal in one line: "B=ref ("No."), D=requirement ("Criterion")"."""
    return ", ".join(f'{column_letter(m.column)}={m.field} ("{m.header}")' for m in header.columns)
