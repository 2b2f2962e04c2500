"""The counts of the summary: verdicts by category and by operator type, as n of N on a heat map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from engine.findings import VERDICTS, Finding
from workbooks.report.blocks import COLUMNS, LAST, VERDICT_COLUMNS, Blocks
from workbooks.report.cells import Cell, Column
from workbooks.report.styles import LINE_HEIGHT, VERDICT_FILL, filled, tint
from workbooks.report.texts import line_count
from workbooks.report.words import category_name, operator_name


def write_categories(writer: Blocks) -> tuple[int, int]:
    """Write the heat map of categories; return the first and last row of the security categories."""
    content = writer.content
    header = (Column("Category", 46), *COLUMNS[1:])
    writer.sheet.header(writer.row, [Column(c.title, c.width, c.style, "header") for c in header])
    first = writer.row = writer.row + 1
    by_category: dict[str, list[Finding]] = {}
    for finding in content.criteria:
        by_category.setdefault(finding.category, []).append(finding)
    for category, members in by_category.items():
        _tally(writer, category_name(category), members)
    last = writer.row - 1
    _tally(writer, "All security criteria", content.criteria, strong=True)
    _tally(writer, "Validation procedures", content.validation, strong=True)
    writer.gap()
    return first, last


def _tally(writer: Blocks, label: str, findings: Sequence[Finding], *, strong: bool = False) -> None:
    counts = Counter(finding.verdict for finding in findings)
    _counts(writer, label, counts, strong=strong)
    provisional = sum(finding.provisional for finding in findings)
    writer.sheet.write(writer.row, LAST, Cell(provisional, _of(len(findings), None, 0.0)))
    writer.row += 1


def _counts(writer: Blocks, label: str, counts: Mapping[str, int], *, strong: bool = False) -> None:
    total = sum(counts.values())
    writer.sheet.write(writer.row, 0, label, "row_label")
    for column, verdict in enumerate(VERDICTS, 1):
        count = counts.get(verdict, 0)
        share = count / total if total else 0.0
        style = dict(_of(total, VERDICT_FILL[verdict] if count else None, share))
        if strong:
            style["bold"] = True
        writer.sheet.write(writer.row, column, Cell(count, style))
    writer.sheet.write(writer.row, VERDICT_COLUMNS + 1, Cell(total, {**_of(None, None, 0.0), "bold": True}))
    writer.sheet.height(writer.row, max(17, line_count(label, 42) * LINE_HEIGHT + 5))


def _of(total: int | None, fill: str | None, share: float) -> Mapping[str, object]:
    """Return the style of a count: shown as "n of N", on a ground as deep as its share, in five steps."""
    depth = 0.25 + 0.75 * (min(int(share * 5), 4) / 4) if fill else 0.0
    style = dict(filled(tint(fill, depth) if fill else None, bold=False, center=True))
    if fill is None:
        style["font_color"] = "#5B6672"
    if total is not None:
        style["num_format"] = f'0" of {total}"'
    return style


def write_operator_types(writer: Blocks) -> None:
    content = writer.content
    writer.section("By operator type (n of N criteria that bind the type)")
    header = (Column("Operator type", 46), *COLUMNS[1:LAST], Column("To confirm", 11.5))
    writer.sheet.header(writer.row, header)
    writer.row += 1
    for operator, tally in content.comparison.operators.items():
        _counts(writer, operator_name(operator), tally.counts)
        doubtful = sum(operator in f.operators_unverified for f in content.comparison.findings)
        writer.sheet.write(writer.row, LAST, Cell(doubtful, _of(tally.total, None, 0.0)))
        writer.row += 1
    writer.text("To confirm: criteria believed to bind the type, whose text was not read for it.", "note")
    writer.gap()
