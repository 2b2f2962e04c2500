"""What is typed on the command line about columns and strength words: `Criteria!B=requirement`, `M=must`."""

from __future__ import annotations

from collections.abc import Sequence

from criteria.model import STRENGTHS, Strength
from criteria.problems import MraError, nearest_hint
from workbooks.named_columns import NamedColumns


def columns_from_options(
    columns: Sequence[str], header: int, sheets: Sequence[str]
) -> tuple[NamedColumns, ...]:
    """Return the columns of each sheet from texts like `Criteria!B=requirement`; MraError for a wrong one.

    Where one sheet is asked for, or there is only one, its name may be left out: `B=requirement`.
    """
    found: dict[str, dict[str, str]] = {}
    alone = sheets[0] if len(sheets) == 1 else ""
    for text in columns:
        place, equals, name = text.rpartition("=")
        sheet, _, column = place.rpartition("!")
        if not equals or not column.strip() or not name.strip():
            raise MraError(
                f'"{text}" does not name a column. Write SHEET!COLUMN=FIELD, such as Criteria!B=requirement.'
            )
        found.setdefault(sheet.strip("'") or alone, {})[column.strip()] = name.strip()
    if header and not found:
        found[alone] = {}
    return tuple(NamedColumns(sheet, listed, header) for sheet, listed in found.items())


def strengths_from_options(words: Sequence[str]) -> dict[str, Strength]:
    """Return what strength words mean from texts like `M=must`; raise MraError for a wrong one."""
    found: dict[str, Strength] = {}
    for text in words:
        word, _, meaning = text.rpartition("=")
        strength = next((one for one in STRENGTHS if one == meaning.strip().lower()), None)
        if not word.strip() or strength is None:
            hint = nearest_hint(meaning.strip(), STRENGTHS)
            raise MraError(f'"{text}" does not say what a word means. Write WORD=must. {hint}')
        found[word.strip()] = strength
    return found
