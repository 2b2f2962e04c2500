"""Columns named on the command line, as a layout: `Criteria!B=requirement`, header row 3."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from criteria.problems import MraError
from workbooks.layouts import Layout, LayoutColumn


def layouts_from_options(columns: Sequence[str], header: int, sheets: Sequence[str]) -> tuple[Layout, ...]:
    """Return a layout per sheet from texts like `Criteria!B=requirement`; raise MraError for a wrong one.

    Where only one sheet is asked for, its name may be left out: `B=requirement`.
    """
    found: dict[str, list[LayoutColumn]] = {}
    for text in columns:
        place, equals, name = text.partition("=")
        sheet, _, column = place.rpartition("!")
        sheet = sheet or (sheets[0] if len(sheets) == 1 else "")
        if not equals or not column or not sheet:
            raise MraError(
                f'"{text}" does not name a column. Write SHEET!COLUMN=FIELD, such as Criteria!B=requirement.'
            )
        try:
            found.setdefault(sheet, []).append(
                LayoutColumn(column=column.strip().upper(), field=name.strip())
            )
        except ValidationError as error:
            raise MraError(f"{text}: {error.errors()[0]['msg']}") from error
    rows = (header,) if header else ()
    return tuple(
        Layout(sheet=sheet, header_rows=rows, columns=tuple(listed)) for sheet, listed in found.items()
    )
