"""What the value readers for .xlsb and .ods leave out: merged ranges, hidden rows, looks, errors."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Style:
    """The look of a cell, as far as it carries meaning."""

    struck: bool = False
    bold: bool = False
    number_format: str = ""

    @property
    def plain(self) -> bool:
        """Return whether nothing about this look carries meaning."""
        return not (self.struck or self.bold or self.number_format)


@dataclass(slots=True)
class SheetDetails:
    """What the value reader leaves out of one sheet; rows and columns count from 1."""

    merged_ranges: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    comments: dict[tuple[int, int], str] = field(default_factory=dict)
    styles: dict[tuple[int, int], Style] = field(default_factory=dict)
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    struck: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    visibility: str = ""
    right_to_left: bool = False
