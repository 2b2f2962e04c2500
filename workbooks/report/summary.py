"""The first sheet: the recommendation and why, counts with n of N, heat map and chart, warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from engine.findings import Finding, TrackConclusion
from workbooks.report.blocks import LAST, Blocks
from workbooks.report.cells import Cell, Place
from workbooks.report.chart import HEIGHT_IN_ROWS, add_chart
from workbooks.report.conclusion import MEASURES, measure, weakest_core, why
from workbooks.report.content import Content
from workbooks.report.prerequisites import SHEET as PREREQUISITES
from workbooks.report.prerequisites import prerequisite_cell
from workbooks.report.sheet import Book
from workbooks.report.side_by_side import severity_cell
from workbooks.report.styles import LINE_HEIGHT, RECOMMENDATION_FILL, filled
from workbooks.report.tallies import write_categories, write_operator_types
from workbooks.report.texts import line_count, shorten
from workbooks.report.words import word

_TOP_GAPS = 6


def write_summary(book: Book, content: Content) -> None:
    """Write the summary; for the partner it holds counts and prerequisites, and no judgement beyond them."""
    writer = Blocks(book, content)
    if content.own:
        _conclusion(writer)
    _prerequisites(writer)
    if content.own:
        _gravest(writer)
        writer.new_page()
    _result(writer)
    first, last = write_categories(writer)
    _chart(writer, first, last)
    writer.new_page()
    write_operator_types(writer)
    _reading(writer)
    _contents(writer)
    writer.sheet.worksheet.set_h_pagebreaks(writer.breaks)
    writer.sheet.worksheet.freeze_panes(3, 0)
    writer.sheet.worksheet.activate()


def _conclusion(writer: Blocks) -> None:
    conclusion = writer.content.comparison.conclusion
    writer.section("Recommendation for phase 1 (a recommendation, never a decision)")
    tracks = {
        "Security criteria": (conclusion.criteria, writer.content.criteria),
        "Validation procedures": (conclusion.validation, writer.content.validation),
    }
    overall = conclusion.overall
    if overall:
        why_overall = f"{word('recommendations', overall, 'meaning')} The worse of both tracks."
    else:
        why_overall = "Open until both tracks can be judged."
    _recommendation(writer, "Overall", overall, why_overall)
    for name, (track, findings) in tracks.items():
        if track is None:
            _recommendation(writer, name, None, "No criteria of this track are in this comparison.")
        else:
            _recommendation(
                writer,
                name,
                track.recommendation,
                f"{why(writer.content, track)}\n{_numbers(writer.content, track, findings)}",
            )
    for note in conclusion.notes:
        writer.text(f"• {note}")
    writer.gap()


def _recommendation(writer: Blocks, label: str, key: str | None, reasons: str) -> None:
    sheet = writer.sheet
    sheet.write(writer.row, 0, label, "row_label")
    shown = word("recommendations", key) if key else "Open"
    style = {**filled(RECOMMENDATION_FILL.get(key or ""), center=True), "text_wrap": True, "font_size": 11}
    sheet.merged(writer.row, 3, LAST, reasons, "text", lowest=22)
    sheet.worksheet.merge_range(writer.row, 1, writer.row, 2, "", sheet.book.format(style))
    sheet.write(writer.row, 1, Cell(shown, style))
    writer.row += 1


def _numbers(content: Content, track: TrackConclusion, findings: Sequence[Finding]) -> str:
    names = ("similar_share", "addressed_share", "critical", "open_share")
    parts = [f"{MEASURES[name]}: {measure(track.numbers, name)}" for name in names]
    weakest = weakest_core(content, findings)
    if weakest:
        parts.append(f"weakest core category, similar: {weakest}")
    return f"Of {track.numbers['musts']} musts that count – " + "; ".join(parts) + "."


def _prerequisites(writer: Blocks) -> None:
    writer.section("Prerequisites for phase 1")
    for one in writer.content.comparison.prerequisites:
        writer.pair(Cell(one.name, "row_label"), prerequisite_cell(one), "; ".join(one.reasons))
    if not writer.content.comparison.prerequisites:
        writer.text("Not judged in this comparison.")
    writer.gap()


def _result(writer: Blocks) -> None:
    """Write the headline counts of each track, and what kind the partly met ones are."""
    content = writer.content
    writer.section("What was found, by category (n of N criteria)")
    found = Counter(f.shortfall for f in content.comparison.findings if f.verdict == "partly_meets")
    kinds = ", ".join(
        f"{word('shortfalls', kind).lower()} {found[kind]}" for kind in ("form", "substance", "unknown")
    )
    uncounted = sum(not finding.counted for finding in content.comparison.findings)
    writer.text(
        f"{content.comparison.summary.provisional} of {content.comparison.summary.total} verdicts are "
        f"provisional. Partly met, by kind of shortfall: {kinds}, of {found.total()}. "
        f"{uncounted} are shown here but carry no weight in the conclusion (see Remarks on Side by side). "
        "The deeper the colour, the larger the share of the row.",
        "note",
    )


def _chart(writer: Blocks, first: int, last: int) -> None:
    if last >= first:
        add_chart(writer.sheet, writer.content, writer.row, first, last)
        for row in range(writer.row, writer.row + HEIGHT_IN_ROWS):
            writer.sheet.height(row, 15)
        writer.row += HEIGHT_IN_ROWS + 1


def _gravest(writer: Blocks) -> None:
    content = writer.content
    gaps = [finding for finding in content.gaps if finding.counted]
    counts = Counter(finding.severity for finding in gaps)
    grades = ("critical", "high", "medium", "low", "clarify")
    listed = ", ".join(f"{word('severities', key).lower()} {counts[key]}" for key in grades)
    writer.section(f"Gravest of {len(gaps)} gaps that count ({listed})")
    for finding in gaps[:_TOP_GAPS]:
        sheet = writer.sheet
        label = f"{finding.criterion}  {finding.title}"
        widths = (sheet.widths[0], sum(sheet.widths[column] for column in range(2, LAST)))
        texts = (label, shorten("; ".join(finding.missing), widths[1], 2, " …"))
        lines = max(line_count(text, width) for text, width in zip(texts, widths, strict=True))
        sheet.write(writer.row, 0, Cell(label, "row_label"))
        sheet.write(writer.row, 1, severity_cell(finding.severity))
        sheet.merged(writer.row, 2, LAST - 1, texts[1], "text", lines * LINE_HEIGHT + 5)
        sheet.write(writer.row, LAST, Cell("Gap →", "link", content.place("gap", finding.criterion)))
        writer.row += 1
    if not gaps:
        writer.text("No gap was found.")
    writer.gap()


def _reading(writer: Blocks) -> None:
    content = writer.content
    writer.section("Before you argue from this")
    for warning in content.comparison.warnings:
        writer.text(f"Warning: {warning}", "strong")
    for line in _cautions(content):
        writer.text(f"• {line}")
    writer.gap()


def _cautions(content: Content) -> Iterator[str]:
    maps = sum(one.map_status == "library" for f in content.comparison.findings for one in f.evidence)
    total = sum(len(f.evidence) for f in content.comparison.findings)
    yield (
        f"{maps} of {total} links behind the verdicts are maps that come with the product (“library”): "
        "made by reading both texts, with the reason written down, and not confirmed by "
        f"{content.foreign_program.administration}."
    )
    weak = Counter(f.basis for f in content.comparison.findings)
    yield (
        f"Weakest basis behind the {len(content.comparison.findings)} findings: "
        + ", ".join(
            f"{word('bases', basis)} {weak[basis]}"
            for basis in ("text", "excerpt", "published", "secondary", "unverified")
        )
        + ". “Unverified” is general knowledge: check it first."
    )
    yield "“Not evidenced” and “not reviewed” say what is not known yet, never that anything is absent."
    yield "Mutual recognition rests on security only; the standing notes hold for every comparison."


def _contents(writer: Blocks) -> None:
    content = writer.content
    writer.section("In this workbook")
    listed = {
        "Program profiles": "What is known of both programs, each statement with its basis.",
        "Side by side": "Every security criterion: both texts, verdict, and room to write.",
        "Validation procedures": "How both programs validate, in the same way.",
        "Gaps": "What falls short, with the question to ask"
        + (" and what to look at on the joint visit." if content.own else "."),
        content.beyond_sheet: f"What {content.them} asks and {content.us} does not.",
        "Operator types": "The verdict on every criterion for every operator type.",
        "Obligations": "Every clause, and every link its outcome rests on.",
        PREREQUISITES: "The three prerequisites, and the notes that frame every comparison.",
        "Method": "Words, rules, the policy in force, versions and hashes.",
        "Sources": "Every document, how far it was read, and what rests on it.",
        "Lists": "The entries of the drop-down lists.",
    }
    for name, what in listed.items():
        writer.sheet.write(writer.row, 0, Cell(name, "link", Place(name)))
        writer.sheet.merged(writer.row, 1, LAST, what, "text")
        writer.row += 1
