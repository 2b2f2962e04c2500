"""The first sheet: the recommendation and why, counts with n of N, heat map and chart, warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from engine.findings import VERDICTS, Finding, TrackConclusion
from workbooks.report.chart import HEIGHT_IN_ROWS, add_chart
from workbooks.report.conclusion import MEASURES, measure, weakest_core, why
from workbooks.report.content import Content
from workbooks.report.prerequisites import SHEET as PREREQUISITES, prerequisite_cell
from workbooks.report.sheet import Book, Cell, Column, Place, Sheet, Value
from workbooks.report.side_by_side import severity_cell
from workbooks.report.styles import LINE_HEIGHT, RECOMMENDATION_FILL, VERDICT_FILL, filled, tint
from workbooks.report.texts import line_count
from workbooks.report.words import bullets, category_name, operator_name, word

_VERDICT_COLUMNS = len(VERDICTS)
_COLUMNS = (
    Column("", 40, "label"),
    *(Column(word("verdicts", verdict), 10.5, "number") for verdict in VERDICTS),
    Column("All (N)", 9, "number"),
    Column("Provisional", 11.5, "number"),
)
LAST = len(_COLUMNS) - 1
_TOP_GAPS = 8


class _Writer:
    """Writes the summary's blocks one below the other."""

    def __init__(self, book: Book, content: Content) -> None:
        title = f"{content.us} and {content.them}: side-by-side comparison"
        lead = f"{content.pair}. Comparison {content.comparison.id[:12]}."
        self.content = content
        self.sheet: Sheet = book.sheet("Summary", title, lead, across=len(_COLUMNS))
        for number, column in enumerate(_COLUMNS):
            self.sheet.width(number, column.width)
        self.row = 4
        self.breaks: list[int] = []

    def section(self, title: str) -> None:
        for column in range(LAST + 1):
            self.sheet.write(self.row, column, Cell(title if column == 0 else "", "section"))
        self.sheet.height(self.row, 22)
        self.row += 1

    def new_page(self) -> None:
        """Begin what follows on a new page of a print-out."""
        self.breaks.append(self.row)

    def text(self, text: str, style: str = "plain") -> None:
        self.sheet.merged(self.row, 0, LAST, text, style)
        self.row += 1

    def pair(self, label: Value, first: Value, rest: str) -> None:
        """Write a label, a short value and a long text in one row."""
        self.sheet.write(self.row, 0, label, "label")
        self.sheet.write(self.row, 1, first, "center")
        self.sheet.merged(self.row, 2, LAST, rest, "text")
        self.row += 1

    def gap(self) -> None:
        self.row += 1


def write_summary(book: Book, content: Content) -> None:
    """Write the summary; for the partner it holds counts and prerequisites, and no judgement beyond them."""
    writer = _Writer(book, content)
    if content.own:
        _conclusion(writer)
    _prerequisites(writer)
    writer.new_page()
    _result(writer)
    first, last = _categories(writer)
    _chart(writer, first, last)
    writer.new_page()
    _operators(writer)
    if content.own:
        _gravest(writer)
    writer.new_page()
    _reading(writer)
    _contents(writer)
    writer.sheet.worksheet.set_h_pagebreaks(writer.breaks)
    writer.sheet.worksheet.freeze_panes(3, 0)
    writer.sheet.worksheet.activate()


def _conclusion(writer: _Writer) -> None:
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


def _recommendation(writer: _Writer, label: str, key: str | None, reasons: str) -> None:
    sheet = writer.sheet
    sheet.write(writer.row, 0, label, "label")
    shown = word("recommendations", key) if key else "Open"
    style = {**filled(RECOMMENDATION_FILL.get(key or ""), center=True), "text_wrap": True, "font_size": 11}
    sheet.merged(writer.row, 3, LAST, reasons, "text")
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


def _prerequisites(writer: _Writer) -> None:
    writer.section("Prerequisites for phase 1")
    for one in writer.content.comparison.prerequisites:
        writer.pair(Cell(one.name, "label"), prerequisite_cell(one), bullets(one.reasons))
    if not writer.content.comparison.prerequisites:
        writer.text("Not judged in this comparison.")
    writer.gap()


def _result(writer: _Writer) -> None:
    """Write the headline counts of each track, and what kind the partly met ones are."""
    content = writer.content
    writer.section("What was found, by category (n of N criteria)")
    found = Counter(f.shortfall for f in content.comparison.findings if f.verdict == "partly_meets")
    kinds = ", ".join(
        f"{word('shortfalls', kind).lower()} {found[kind]}" for kind in ("form", "substance", "unknown")
    )
    writer.text(
        f"{content.comparison.summary.provisional} of {content.comparison.summary.total} verdicts are provisional. "
        f"Partly met, by kind of shortfall: {kinds}, of {found.total()}. "
        "The deeper the colour, the larger the share of the row.",
        "note",
    )


def _categories(writer: _Writer) -> tuple[int, int]:
    """Write the heat map of categories; return the first and last row of the security categories."""
    content = writer.content
    header = (Column("Category", 40), *_COLUMNS[1:])
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


def _tally(writer: _Writer, label: str, findings: Sequence[Finding], *, strong: bool = False) -> None:
    counts = Counter(finding.verdict for finding in findings)
    _counts(writer, label, counts, strong=strong)
    provisional = sum(finding.provisional for finding in findings)
    writer.sheet.write(writer.row, LAST, Cell(provisional, _of(len(findings), None, 0.0)))
    writer.row += 1


def _counts(writer: _Writer, label: Value, counts: Mapping[str, int], *, strong: bool = False) -> None:
    total = sum(counts.values())
    writer.sheet.write(writer.row, 0, label, "label")
    for column, verdict in enumerate(VERDICTS, 1):
        count = counts.get(verdict, 0)
        share = count / total if total else 0.0
        style = dict(_of(total, VERDICT_FILL[verdict] if count else None, share))
        if strong:
            style["bold"] = True
        writer.sheet.write(writer.row, column, Cell(count, style))
    writer.sheet.write(writer.row, _VERDICT_COLUMNS + 1, Cell(total, {**_of(None, None, 0.0), "bold": True}))
    writer.sheet.height(writer.row, 17)


def _of(total: int | None, fill: str | None, share: float) -> Mapping[str, object]:
    """Return the style of a count: shown as "n of N", on a ground as deep as its share, in five steps."""
    depth = 0.25 + 0.75 * (min(int(share * 5), 4) / 4) if fill else 0.0
    style = dict(filled(tint(fill, depth) if fill else None, bold=False, center=True))
    if fill is None:
        style["font_color"] = "#5B6672"
    if total is not None:
        style["num_format"] = f'0" of {total}"'
    return style


def _chart(writer: _Writer, first: int, last: int) -> None:
    if last >= first:
        add_chart(writer.sheet, writer.content, writer.row, first, last)
        for row in range(writer.row, writer.row + HEIGHT_IN_ROWS):
            writer.sheet.height(row, 15)
        writer.row += HEIGHT_IN_ROWS + 1


def _operators(writer: _Writer) -> None:
    content = writer.content
    writer.section("By operator type (n of N criteria that bind the type)")
    header = (Column("Operator type", 40), *_COLUMNS[1:LAST], Column("To confirm", 11.5))
    writer.sheet.header(writer.row, header)
    writer.row += 1
    for operator, tally in content.comparison.operators.items():
        _counts(writer, operator_name(operator), tally.counts)
        doubtful = sum(operator in f.operators_unverified for f in content.comparison.findings)
        writer.sheet.write(writer.row, LAST, Cell(doubtful, _of(tally.total, None, 0.0)))
        writer.row += 1
    writer.text("To confirm: criteria believed to bind the type, whose text was not read for it.", "note")
    writer.gap()


def _gravest(writer: _Writer) -> None:
    content = writer.content
    counts = Counter(f.severity for f in content.gaps)
    listed = ", ".join(
        f"{word('severities', key).lower()} {counts[key]}"
        for key in ("critical", "high", "medium", "low", "clarify")
    )
    writer.section(f"Gravest gaps ({len(content.gaps)} in all: {listed})")
    for finding in content.gaps[:_TOP_GAPS]:
        sheet = writer.sheet
        label = f"{finding.criterion}  {finding.title}"
        texts = (label, bullets(finding.missing))
        widths = (sheet.widths[0], sum(sheet.widths[column] for column in range(2, LAST)))
        lines = max(line_count(text, width) for text, width in zip(texts, widths, strict=True))
        sheet.write(writer.row, 0, Cell(label, "label"))
        sheet.write(writer.row, 1, severity_cell(finding.severity))
        sheet.merged(writer.row, 2, LAST - 1, texts[1], "text", lines * LINE_HEIGHT + 5)
        sheet.write(writer.row, LAST, Cell("Gap →", "link", content.place("gap", finding.criterion)))
        writer.row += 1
    if not content.gaps:
        writer.text("No gap was found.")
    writer.gap()


def _reading(writer: _Writer) -> None:
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
        f"{maps} of {total} links behind the verdicts are maps that come with the product (“library”): made by reading both texts, "
        f"with the reason written down, and not confirmed by {content.foreign_program.administration}."
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
    yield "“Not evidenced” and “not reviewed” say what is not known yet; neither says that anything is absent."
    yield "Mutual recognition rests on security only; the standing notes hold for every comparison."


def _contents(writer: _Writer) -> None:
    content = writer.content
    writer.section("In this workbook")
    listed = {
        "Program profiles": "What is known of both programs, each statement with its basis.",
        "Side by side": "Every security criterion: both texts, verdict, what is common, missing and extra; columns to fill in.",
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
