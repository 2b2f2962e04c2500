"""The sheets that set both sides beside each other: every baseline criterion once, with room to write in.

Security criteria stand on "Side by side"; how a program validates stands apart on "Validation
procedures", with the conclusion of that track.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from engine.findings import Evidence, Finding
from engine.wording import reason_words
from workbooks.report.cells import FIRST_ROW, Cell, Column, Value
from workbooks.report.conclusion import track_line
from workbooks.report.content import Content, source_keys
from workbooks.report.lists import POSITIONS_NAME
from workbooks.report.sheet import Book, Sheet
from workbooks.report.styles import SEVERITY_FILL, VERDICT_FILL, filled
from workbooks.report.words import bullets, category_name, parameters_text, word

MORE = " … [all of it: sheet Obligations]"
NOTHING_THERE = {
    "not_evidenced": "Not known: the foreign text on this subject was not read in full.",
    "not_reviewed": "No reviewed provision.",
    "not_applicable": "Does not apply there.",
    "out_of_scope": "Not compared.",
}
FILL_IN = ("Partner’s response", "Agreed position", "Action", "Owner", "Date")


def columns(content: Content) -> tuple[Column, ...]:
    """Return the columns of the sheets; severity only in a report for our own side."""
    severity = (Column("Severity", 9, "center"),) if content.own else ()
    return (
        Column("Criterion", 10, "link"),
        Column("Category", 13),
        Column(f"{content.us}: what is asked for", 40),
        Column("Strength", 9, "center"),
        Column(f"{content.them}: what was found", 44, "foreign", overflow=MORE),
        Column("Verdict", 12),
        Column("Shortfall", 10, "center"),
        *severity,
        Column("Why", 26, overflow=MORE),
        Column("In common", 26, overflow=MORE),
        Column("Missing there", 30, overflow=MORE),
        Column("Extra there", 19, overflow=MORE),
        Column("Why the texts were matched", 30, overflow=MORE),
        Column("Sources", 24, "muted", overflow=MORE),
        Column("Weakest basis", 10, "center"),
        Column("Remarks", 17),
        Column("To gap", 8, "link"),
        Column("To source", 9, "link"),
        Column(FILL_IN[0], 24, "fill_in", "header_fill_in"),
        Column(FILL_IN[1], 16, "fill_in", "header_fill_in"),
        Column(FILL_IN[2], 18, "fill_in", "header_fill_in"),
        Column(FILL_IN[3], 11, "fill_in", "header_fill_in"),
        Column(FILL_IN[4], 11, "fill_in_date", "header_fill_in"),
    )


def write_side_by_side(book: Book, content: Content) -> None:
    """Write the sheet of the security criteria."""
    lead = (
        f"{content.pair}. Every security criterion of {content.us} once; "
        "the yellow columns are to be filled in at the table."
    )
    _write(book, content, "Side by side", "Side by side: security criteria", lead, content.criteria)


def write_validation(book: Book, content: Content) -> None:
    """Write the sheet of the validation procedures, with that track's conclusion above the table."""
    track = content.comparison.conclusion.validation
    lead = "The other half of mutual recognition: who validates, how, how often, and what follows."
    if content.own and track is not None:
        lead = track_line(content, track)
    _write(book, content, "Validation procedures", "Validation procedures", lead, content.validation)


def _write(
    book: Book, content: Content, name: str, title: str, lead: str, findings: Sequence[Finding]
) -> None:
    listed = columns(content)
    sheet = book.sheet(name, title, lead, across=len(listed), pages_wide=2)
    last = sheet.table(
        listed, (list(_row(content, finding)) for finding in findings), nothing="No criterion in this track."
    )
    sheet.worksheet.repeat_columns(0)
    _allow(sheet, listed, last)


def _allow(sheet: Sheet, listed: Sequence[Column], last: int) -> None:
    """Offer the agreed positions as a list, and take only dates where a date is asked for."""
    titles = [column.title for column in listed]
    agreed, day = titles.index("Agreed position"), titles.index("Date")
    sheet.worksheet.data_validation(
        FIRST_ROW,
        agreed,
        last,
        agreed,
        {
            "validate": "list",
            "source": f"={POSITIONS_NAME}",
            "error_type": "warning",
            "input_title": "Agreed position",
            "input_message": "Choose from the list (sheet Lists).",
        },
    )
    sheet.worksheet.data_validation(
        FIRST_ROW,
        day,
        last,
        day,
        {
            "validate": "date",
            "criteria": ">=",
            "value": date(2000, 1, 1),
            "error_type": "warning",
            "error_title": "Date",
            "error_message": "Write a date, such as 2026-11-24.",
        },
    )


def _row(content: Content, finding: Finding) -> Iterator[Value]:
    yield Cell(finding.criterion, "link", content.place("obligations", finding.criterion))
    yield category_name(finding.category)
    yield Cell(finding.text, heading=finding.title)
    yield word("strengths", finding.strength)
    yield foreign_text(content, finding)
    yield verdict_cell(finding.verdict)
    yield word("shortfalls", finding.shortfall)
    if content.own:
        yield severity_cell(finding.severity)
    yield bullets(dict.fromkeys(reason_words(reason) for reason in finding.reasons))
    yield bullets(finding.common)
    yield bullets(finding.missing)
    yield bullets(finding.extra)
    yield rationales(finding)
    yield _sources(content, finding)
    yield word("bases", finding.basis)
    yield remarks(finding)
    gap = content.place("gap", finding.criterion)
    yield Cell("Gap →", "link", gap) if gap else Cell("–", "center")
    yield Cell("Source →", "link", content.source_place(finding))
    yield from [""] * len(FILL_IN)


def verdict_cell(verdict: str, form: str = "name") -> Cell:
    """Return a verdict by word on its colour."""
    return Cell(word("verdicts", verdict, form), filled(VERDICT_FILL.get(verdict), center=True))


def severity_cell(severity: str) -> Cell:
    """Return a severity by word on its colour; where there is no gap, a dash."""
    if severity == "none":
        return Cell("–", "center")
    return Cell(word("severities", severity), filled(SEVERITY_FILL.get(severity), center=True))


def foreign_text(content: Content, finding: Finding) -> str:
    """Return the foreign provisions with their references, or what it means that there are none."""
    counted = [one for o in finding.obligations for one in o.evidence if o.outcome != "pending"]
    open_ones = [one for o in finding.obligations for one in o.evidence if o.outcome == "pending"]
    lines = list(_provisions(content, counted))
    if open_ones:
        lines += ["Found, but not counted until reviewed:", *_provisions(content, open_ones)]
    shown = {one.provision for one in (*counted, *open_ones)}
    others = dict.fromkeys(
        e.provision for o in finding.obligations for e in o.others if e.provision not in shown
    )
    if others:
        lines.append(f"Also looked at: {', '.join(others)}")
    return "\n".join(lines) or NOTHING_THERE.get(finding.verdict, "No provision found.")


def _provisions(content: Content, evidence: Sequence[Evidence]) -> Iterator[str]:
    """Yield each foreign provision once: reference, how firmly held, where, and its clauses."""
    grouped: dict[tuple[str, str, str], list[Evidence]] = {}
    for one in evidence:
        grouped.setdefault((one.provision, one.strength, one.instrument), []).append(one)
    for (ref, strength, instrument), members in grouped.items():
        tongue = _language(content, ref)
        head = f"{ref} ({word('strengths', strength)}, {word('instruments', instrument)}{tongue})"
        clauses = dict.fromkeys(_clause(one) for one in members)
        yield f"{head}: {'; '.join(clauses)}{content.original(ref)}"


def _language(content: Content, ref: str) -> str:
    criterion = content.foreign_criteria.get(ref)
    return f", translated from {criterion.translated_from}" if criterion and criterion.translated_from else ""


def _clause(one: Evidence) -> str:
    measured = parameters_text(one.parameters)
    return f"{one.text} [{measured}]" if measured else one.text


def rationales(finding: Finding) -> str:
    """Return why the foreign clauses were matched, each with its relationship to the shared control."""
    lines = []
    for obligation in finding.obligations:
        for one in obligation.evidence:
            status = (
                ""
                if one.map_status in ("library", "approved")
                else f", {word('map_statuses', one.map_status)}"
            )
            lines.append(
                f"{one.obligation} ({word('relationships', one.relationship)}{status}): {one.rationale}"
            )
    return bullets(dict.fromkeys(lines))


def _sources(content: Content, finding: Finding) -> str:
    """Return both sides' sources, the foreign ones with how far they were read."""
    ours = f"{content.us}: {finding.source['document']}"
    lines = [ours]
    for obligation in finding.obligations:
        for one in obligation.evidence:
            for key in source_keys(content, one):
                document = content.foreign_program.sources[key].document
                lines.append(f"{content.them}: {document} ({word('bases', one.basis)})")
    return bullets(dict.fromkeys(lines))


def remarks(finding: Finding) -> str:
    """Return what a reader of a finding has to know beside the verdict."""
    found = []
    if finding.provisional:
        found.append("Provisional: lower without what is unverified.")
    if not finding.counted:
        found.append("Shown, not counted in N.")
    found.extend(finding.notes)
    return bullets(found)
