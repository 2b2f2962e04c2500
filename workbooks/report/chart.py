"""The stacked bar chart of the summary: how many criteria of each category have which verdict."""

from __future__ import annotations

from typing import Any

from engine.findings import VERDICTS
from workbooks.report.content import Content
from workbooks.report.sheet import Sheet
from workbooks.report.styles import FONT, INK, PAPER, RULE, VERDICT_FILL, readable_on
from workbooks.report.words import category_name, word

HEIGHT_IN_ROWS = 18
_PIXELS_PER_ROW = 20
_PATTERNS = {"not_evidenced": "wide_upward_diagonal", "not_reviewed": "dotted_grid"}


def add_chart(sheet: Sheet, content: Content, row: int, first: int, last: int) -> None:
    """Place the chart at a row; its data are the counts of the heat map in rows `first` to `last`."""
    chart: Any = sheet.book.workbook.add_chart({"type": "bar", "subtype": "stacked"})
    for column, verdict in enumerate(VERDICTS, 1):
        if not any(f.verdict == verdict for f in content.criteria):
            continue
        chart.add_series(
            {
                "name": word("verdicts", verdict),
                "categories": [sheet.name, first, 0, last, 0],
                "values": [sheet.name, first, column, last, column],
                "border": {"color": INK, "width": 0.5},
                "gap": 45,
                "data_labels": {
                    "value": True,
                    "num_format": "0;;",  # no label on an empty part
                    "font": {"name": FONT, "size": 8, "color": readable_on(VERDICT_FILL[verdict])},
                },
                **_ground(verdict),
            }
        )
    font = {"name": FONT, "size": 9, "color": INK}
    chart.set_title(
        {
            "name": "Criteria by category and verdict",
            "name_font": {**font, "size": 11, "bold": True},
            "overlay": False,
        }
    )
    chart.set_y_axis(
        {
            "reverse": True,
            "interval_unit": 1,
            "num_font": font,
            "line": {"color": RULE},
            "major_tick_mark": "none",
        }
    )
    chart.set_x_axis(
        {
            "num_font": font,
            "num_format": "0",
            "major_gridlines": {"visible": True, "line": {"color": RULE, "width": 0.5}},
            "name": "Number of criteria",
            "name_font": {**font, "bold": False},
            "min": 0,
            "line": {"none": True},
            "label_position": "high",
        }
    )
    chart.set_legend({"position": "bottom", "font": font})
    chart.set_chartarea({"border": {"color": RULE}, "fill": {"color": PAPER}})
    chart.set_size({"width": 1000, "height": HEIGHT_IN_ROWS * _PIXELS_PER_ROW})
    sheet.worksheet.insert_chart(
        row,
        0,
        chart,
        {"description": _description(content), "object_position": 1, "x_offset": 2, "y_offset": 2},
    )


def _ground(verdict: str) -> dict[str, Any]:
    """Return a series' fill; what is not known is hatched, so that it differs without colour as well."""
    if verdict in _PATTERNS:
        return {
            "pattern": {
                "pattern": _PATTERNS[verdict],
                "fg_color": "#6E6E6E",
                "bg_color": VERDICT_FILL[verdict],
            }
        }
    return {"fill": {"color": VERDICT_FILL[verdict]}}


def _description(content: Content) -> str:
    """Return the chart in words, for those who do not see it."""
    parts = []
    for category in dict.fromkeys(f.category for f in content.criteria):
        members = [f.verdict for f in content.criteria if f.category == category]
        counts = ", ".join(
            f"{members.count(verdict)} {word('verdicts', verdict).lower()}"
            for verdict in VERDICTS
            if verdict in members
        )
        parts.append(f"{category_name(category)} ({len(members)}): {counts}")
    return (
        "Stacked bar chart of the number of criteria by verdict for each category. " + "; ".join(parts) + "."
    )
