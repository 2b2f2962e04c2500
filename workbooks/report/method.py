"""The sheet on method: words, verdict rules, the policy in force row by row, versions and hashes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.policy import RowModel, TableModel
from workbooks.report.cells import Cell, Column, Value
from workbooks.report.conclusion import threshold
from workbooks.report.content import Content
from workbooks.report.sheet import Book
from workbooks.report.words import category_name, edition_name, operator_name, word, words

_THOUSANDTHS = re.compile(r",? in thousandths(?: of N)?(?:, rounded (?:up|down))?")
_OWN_TABLES = frozenset({"severity", "recommendation"})
_SECTIONS = (
    ("Verdicts", "verdicts"),
    ("Shortfall of a partly met criterion", "shortfalls"),
    ("Outcome of an obligation", "outcomes"),
    ("Strength", "strengths"),
    ("Instrument", "instruments"),
    ("Basis: how far a source was read", "bases"),
    ("Relationship of a clause to a shared control", "relationships"),
    ("Map", "map_statuses"),
    ("Other direction", "reverse"),
)
_RULES = ("Rules of comparison", "rules")
_OWN_SECTIONS = (("Severity", "severities"), ("Recommendation", "recommendations"))


def write_method(book: Book, content: Content) -> None:
    """Write how the report came about, so that anyone can check it or repeat it."""
    columns = (Column("Part", 26, "label"), Column("Item", 34, "strong"), Column("What it says", 110))
    lead = "Words, rules and versions: enough to check every verdict and to repeat the comparison."
    sheet = book.sheet("Method", "Method", lead, across=len(columns))
    sheet.table(columns, [*_identity(content), *_words(content), *_policy(content)])


def _identity(content: Content) -> Iterator[list[Value]]:
    one = content.comparison
    operators = one.scope.get("operators")
    scope = (
        ", ".join(operator_name(str(key)) for key in operators)
        if isinstance(operators, list | tuple) and operators
        else "all operator types"
    )
    counted = "counted" if one.scope.get("count_forced_labor") else "shown, not counted"
    items = {
        "Baseline": f"{edition_name(content.baseline_program, content.baseline)} ({one.baseline})",
        "Foreign": f"{edition_name(content.foreign_program, content.foreign)} ({one.foreign})",
        "As of": f"{one.as_of:%Y-%m-%d}",
        "Scope": f"{scope}; forced labor {counted}",
        "Identity": f"{one.id} (hash of all texts, maps, rules, the policy, the scope and the date)",
        "Policy": f"{one.policy['name']} ({one.policy['digest']})",
        **{f"Version of {name}": value for name, value in one.versions.items()},
        **{
            f"Maps of {edition.title}": "; ".join(content.library.maps_of(edition.key).methods) or "none"
            for edition in (content.baseline, content.foreign)
        },
    }
    for item, text in items.items():
        yield ["This comparison", item, text]
    for number, warning in enumerate(one.warnings, 1):
        yield ["This comparison", f"Warning {number}", warning]


def _words(content: Content) -> Iterator[list[Value]]:
    for part, key in (*_SECTIONS, *(_OWN_SECTIONS if content.own else ()), _RULES):
        for entry in words()[key].values():
            if entry["meaning"]:
                yield [part, entry["name"], entry["meaning"]]


def _policy(content: Content) -> Iterator[list[Value]]:
    """Yield every row of every policy table, readable; the first row that fits decides."""
    for name, table in content.policy.items():
        if name in _OWN_TABLES and not content.own:
            continue
        part = f"Policy table: {name}"
        yield [part, "About", f"{table.about} The first row that fits decides."]
        for group, members in table.groups.items():
            yield [part, f"Group {group}", ", ".join(category_name(member) for member in members)]
        if table.core_minimum:
            yield [
                part,
                "Core minimum",
                f"A core category is looked at alone from {table.core_minimum} musts on.",
            ]
        for number, row in enumerate(table.rows, 1):
            yield [part, Cell(f"Row {number}: {_result(row.then)}", "strong"), _when(row, table)]


def _result(then: Mapping[str, str]) -> str:
    kinds = {
        "outcome": "outcomes",
        "shortfall": "shortfalls",
        "severity": "severities",
        "recommendation": "recommendations",
    }
    parts = []
    for key, value in then.items():
        prerequisite = (
            key == "verdict" and value in words()["prerequisites"] and value not in words()["verdicts"]
        )
        parts.append(word("prerequisites" if prerequisite else kinds.get(key, "verdicts"), value))
    return ", ".join(parts)


def _when(row: RowModel, table: TableModel) -> str:
    if not row.when:
        return "in every other case"
    return "; ".join(
        _condition(name, wanted, table.fields.get(name, name)) for name, wanted in row.when.items()
    )


def _condition(name: str, wanted: int | str, meaning: str) -> str:
    if isinstance(wanted, int):
        return f"{meaning}: {'yes' if wanted else 'no'}"
    if wanted[:1] in "<>=":
        plain = _THOUSANDTHS.sub("", meaning)
        return f"{plain}: {threshold(name, wanted)}"
    return f"{name.replace('_', ' ')} is {wanted.replace('_', ' ')}"
