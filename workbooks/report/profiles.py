"""The sheet of program profiles: what is known of both programs, each statement with its basis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from criteria.model import Cited, Edition, Program
from criteria.vocabulary import vocabulary
from workbooks.report.cells import Cell, Column, Value
from workbooks.report.content import Content
from workbooks.report.sheet import Book
from workbooks.report.words import bullets, category_name, operator_name, word

Statement = tuple[str, str, str]
"""A statement with its basis and its sources."""


def write_profiles(book: Book, content: Content) -> None:
    """Write what is known of both programs side by side, one statement a row."""
    columns = (
        Column("Topic", 20, "label"),
        Column(content.us, 56),
        Column(f"{content.us}: basis", 10, "center"),
        Column(f"{content.us}: sources", 26, "muted"),
        Column(content.them, 56, "foreign"),
        Column(f"{content.them}: basis", 10, "center"),
        Column(f"{content.them}: sources", 26, "muted"),
    )
    lead = f"{content.pair}. Statements are in our own words; see “Basis” on the sheet Method."
    sheet = book.sheet("Program profiles", "Program profiles", lead, across=len(columns))
    sheet.table(columns, _rows(content))


def _rows(content: Content) -> Iterator[list[Value]]:
    ours = dict(_topics(content.baseline_program, content.baseline, content))
    theirs = dict(_topics(content.foreign_program, content.foreign, content))
    for topic, statements in ours.items():
        for left, right in zip_longest(statements, theirs[topic]):
            yield [topic, *_statement(left), *_statement(right)]


def _statement(statement: Statement | None) -> tuple[Value, ...]:
    if statement is None:
        return ("", "", "")
    text, basis, sources = statement
    return (text, word("bases", basis), sources) if text else (Cell("Not known.", "muted"), "", "")


def _topics(
    program: Program, edition: Edition, content: Content
) -> Iterator[tuple[str, Sequence[Statement]]]:
    """Yield every topic with its statements; one without any says so in a single empty statement."""

    def stated(cited: Sequence[Cited]) -> list[Statement]:
        return [_cited(program, one) for one in cited] or [("", "", "")]

    yield (
        "Program",
        [_plain(f"{program.name} ({program.short_name})" if program.short_name else program.name)],
    )
    yield "Administration", [_plain(program.administration)]
    yield "Country", [_plain(program.country)]
    yield "Direction", [_plain(word("directions", program.direction))]
    yield "Launched", stated([program.launched] if program.launched else [])
    yield "Status", list(_status(program)) or [("", "", "")]
    yield "Legal basis", stated(program.legal_basis)
    yield "Eligibility", stated(program.eligibility)
    yield (
        "Tiers",
        [_plain(_tier(tier.name, tier.mutual_recognition, tier.note)) for tier in program.tiers]
        or [("", "", "")],
    )
    yield "Operator roles and the types they are read as", [_plain(text) for text in _roles(program)]
    yield "Scoring", [_plain(f"{s.scheme}. {s.note}".strip()) for s in program.scoring] or [("", "", "")]
    yield "Validation in brief", stated(program.validation)
    yield "Statistics", stated(program.statistics)
    yield "Remarks", stated(program.remarks)
    yield "Edition compared", [_plain(_edition(edition))]
    yield "What was read", [_plain(edition.read), *([_plain(edition.note)] if edition.note else [])]
    yield "How completely, by category", [_plain(_completeness(edition))]
    yield "Conditions that cannot arise", list(_absent(edition)) or [("None declared.", "", "")]


def _plain(text: str) -> Statement:
    return text, "", ""


def _cited(program: Program, one: Cited) -> Statement:
    documents = [program.sources[key].document if key in program.sources else key for key in one.sources]
    note = f" ({one.note})" if one.note else ""
    return f"{one.value}{note}", one.basis, bullets(documents)


def _status(program: Program) -> Iterator[Statement]:
    for status in program.status:
        text = f"{word('statuses', status.status)} since {status.since:%Y-%m-%d}"
        cited = Cited(value=text, basis=status.basis, sources=status.sources, note=status.note)
        yield _cited(program, cited)


def _tier(name: str, counts: bool | None, note: str) -> str:
    said = {True: "counts for mutual recognition", False: "does not count for mutual recognition"}
    return " – ".join(
        part for part in (name, said.get(counts, "") if counts is not None else "", note) if part
    )


def _roles(program: Program) -> Iterator[str]:
    for role in program.roles:
        types = ", ".join(operator_name(operator).lower() for operator in role.operator_types)
        certified = "" if role.certified else ", not certified"
        citation = f" [{role.citation}]" if role.citation else ""
        note = f" {role.note}" if role.note else ""
        yield f"{role.name} → {types} ({word('directions', role.direction)}{certified}){citation}{note}"


def _edition(edition: Edition) -> str:
    since, until = edition.in_force.since, edition.in_force.until
    period = f", in force from {since:%Y-%m-%d}" if since else ", date of entry into force not known"
    end = f" until {until:%Y-%m-%d}" if until else ""
    return f"{edition.title}{period}{end}; {len(edition.criteria)} criteria"


def _completeness(edition: Edition) -> str:
    """Return how completely each category was read; where it differs by operator type, both."""
    lines = []
    for category in ("default", *vocabulary().categories):
        level = edition.completeness.get(category)
        if level is None:
            continue
        name = "All others" if category == "default" else category_name(category)
        if isinstance(level, dict):
            parts = [f"{_type_name(key)} {word('completeness', value)}" for key, value in level.items()]
            lines.append(f"{name}: {'; '.join(parts)}")
        else:
            lines.append(f"{name}: {word('completeness', str(level))}")
    return "\n".join(lines)


def _type_name(key: str) -> str:
    return "otherwise" if key == "default" else operator_name(key).lower()


def _absent(edition: Edition) -> Iterator[Statement]:
    for one in edition.conditions_absent:
        known = vocabulary().conditions.get(one.condition)
        yield (known.name if known else one.condition), one.basis, one.source
