"""How a report looks: fonts, colours, and the formats made of them.

The verdicts run from blue over orange to brown with greys for what is not known, a scale that stays
readable with colour-blindness and in black and white; the word always stands beside the colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FONT: Final = "Arial"
SIZE: Final = 9
LINE_HEIGHT: Final = 12.0
"""Points a line of text takes at SIZE."""
MOST_HEIGHT: Final = 409.0
"""The highest a row can be, in points."""

INK, PAPER, RULE, NAVY, PALE, FAINT, LINK = (
    "#1F2933",
    "#FFFFFF",
    "#C5CED8",
    "#12355B",
    "#E8EEF5",
    "#F5F7FA",
    "#0B5394",
)
FILL_IN: Final = "#FFFBE6"

Style = Mapping[str, Any]

VERDICT_FILL: Final[Mapping[str, str]] = {
    "exceeds": "#08519C",
    "meets": "#9ECAE1",
    "partly_meets": "#FDC27C",
    "no_counterpart": "#A63603",
    "not_evidenced": "#BDBDBD",
    "not_reviewed": "#DADADA",
    "not_applicable": "#EFEFEF",
    "out_of_scope": "#F7F7F7",
}
SEVERITY_FILL: Final[Mapping[str, str]] = {
    "critical": "#7F2704",
    "high": "#BF4A02",
    "medium": "#FDAE6B",
    "low": "#FEE6CE",
    "clarify": "#D9D9D9",
}
RECOMMENDATION_FILL: Final[Mapping[str, str]] = {
    "aligned": "#08519C",
    "aligned_with_reservations": "#9ECAE1",
    "insufficient_evidence": "#BDBDBD",
    "not_aligned": "#A63603",
    "not_ready": "#7F2704",
}
PREREQUISITE_FILL: Final[Mapping[str, str]] = {
    "met": "#9ECAE1",
    "not_met": "#A63603",
    "not_evidenced": "#BDBDBD",
}
REVERSE_FILL: Final[Mapping[str, str]] = {
    "beyond": "#9ECAE1",
    "legal_limit": "#FDC27C",
    "unmapped": "#DADADA",
    "out_of_scope": "#F7F7F7",
    "background": "#F7F7F7",
}

BASE: Final[Style] = {
    "font_name": FONT,
    "font_size": SIZE,
    "font_color": INK,
    "valign": "top",
    "text_wrap": True,
}
_GRID: Final[Style] = {**BASE, "border": 1, "border_color": RULE}

STYLES: Final[Mapping[str, Style]] = {
    "marking": {
        "font_name": FONT,
        "font_size": SIZE,
        "bold": True,
        "font_color": PAPER,
        "bg_color": NAVY,
        "valign": "vcenter",
    },
    "title": {"font_name": FONT, "font_size": 16, "bold": True, "font_color": NAVY, "valign": "vcenter"},
    "lead": {"font_name": FONT, "font_size": SIZE, "font_color": INK, "valign": "vcenter"},
    "back": {"font_name": FONT, "font_size": SIZE, "font_color": LINK, "underline": 1, "valign": "vcenter"},
    "section": {
        "font_name": FONT,
        "font_size": 12,
        "bold": True,
        "font_color": NAVY,
        "valign": "vcenter",
        "bottom": 2,
        "bottom_color": NAVY,
    },
    "header": {**_GRID, "bold": True, "font_color": PAPER, "bg_color": NAVY, "valign": "vcenter"},
    "header_fill_in": {**_GRID, "bold": True, "font_color": INK, "bg_color": "#F2DC8C", "valign": "vcenter"},
    "header_turned": {
        **_GRID,
        "bold": True,
        "font_color": PAPER,
        "bg_color": NAVY,
        "rotation": 90,
        "align": "center",
        "valign": "bottom",
    },
    "text": _GRID,
    "strong": {**_GRID, "bold": True},
    "muted": {**_GRID, "font_color": "#5B6672"},
    "center": {**_GRID, "align": "center"},
    "number": {**_GRID, "align": "center", "valign": "vcenter"},
    "link": {**_GRID, "font_color": LINK, "underline": 1},
    "fill_in": {**_GRID, "bg_color": FILL_IN, "locked": False},
    "fill_in_date": {
        **_GRID,
        "bg_color": FILL_IN,
        "num_format": "yyyy-mm-dd",
        "align": "left",
        "locked": False,
    },
    "label": {**_GRID, "bold": True, "bg_color": PALE},
    "row_label": {**_GRID, "bold": True, "bg_color": PALE, "valign": "vcenter"},
    "foreign": {**_GRID, "bg_color": FAINT},
    "note": {**BASE, "italic": True, "font_color": "#5B6672"},
    "plain": BASE,
}


def filled(fill: str | None, *, bold: bool = True, center: bool = False) -> Style:
    """Return the style of a cell with a coloured ground; light or dark text by contrast."""
    style = dict(_GRID)
    if fill:
        style |= {"bg_color": fill, "font_color": readable_on(fill)}
    return {**style, "bold": bold, **({"align": "center", "valign": "vcenter"} if center else {})}


def readable_on(fill: str) -> str:
    """Return white or dark ink, whichever contrasts more with a ground (WCAG relative luminance)."""
    ground = luminance(fill)
    return PAPER if 1.05 / (ground + 0.05) >= (ground + 0.05) / (luminance(INK) + 0.05) else INK


def luminance(colour: str) -> float:
    """Return the WCAG relative luminance of #RRGGBB, 0 (black) to 1 (white)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def tint(colour: str, share: float) -> str:
    """Return a colour mixed with white: 0 is white, 1 the colour itself."""
    mixed = (round(255 + (int(colour[n : n + 2], 16) - 255) * share) for n in (1, 3, 5))
    return "#" + "".join(f"{part:02X}" for part in mixed)
