"""The other direction: what the foreign edition asks that the baseline does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from criteria.model import STRENGTH_RANK, Edition
from engine.clauses import Clause, edition_clauses, strength_word
from engine.findings import ReverseRow
from mappings.library import Library
from mappings.model import COUNTING, NoControl

MATCHED, BEYOND, LEGAL_LIMIT, OUT_OF_SCOPE, UNMAPPED, BACKGROUND = (
    "matched", "beyond", "legal_limit", "out_of_scope", "unmapped", "background",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Untouched:
    """The row of a foreign clause where nothing touches it, and the paths by which something may."""

    row: ReverseRow
    paths: tuple[str, ...]


def untouched_rows(
    library: Library, baseline: Edition, foreign: Edition, as_of: date
) -> tuple[Untouched, ...]:
    """Return every foreign clause with why the baseline has nothing for it, should nothing be matched."""
    program = library.programs[foreign.program]
    maps = library.maps_of(foreign.key)
    groups: dict[str, list[str]] = {}
    for group in maps.jointly:
        for member in group.members:
            groups.setdefault(member, []).append(f"joint {group.id}")
    found = []
    for clause in edition_clauses(library, foreign, as_of):
        kind, note = _kind(clause, maps.maps.get(clause.id, ()), baseline, foreign)
        source = program.sources[clause.criterion.source.id]
        row = ReverseRow(
            provision=clause.criterion.ref,
            title=clause.criterion.title,
            text=clause.text,
            category=clause.criterion.category,
            strength=strength_word(clause.strength),
            kind=kind,
            matched=(),
            note=note,
            basis=clause.criterion.basis,
            source={
                "document": source.document,
                "reference": clause.criterion.source.reference,
                "url": source.url,
            },
        )
        found.append(Untouched(row, (clause.id, *groups.get(clause.id, ()))))
    return tuple(found)


def reverse_rows(rows: Iterable[Untouched], touched: Mapping[str, Sequence[str]]) -> Iterator[ReverseRow]:
    """Yield a row for every foreign clause: what it matches, or why the baseline has nothing for it.

    `touched` gives the baseline criteria that a foreign obligation (or joint group) reaches.
    """
    for one in rows:
        refs = [ref for path in one.paths for ref in touched.get(path, ())]
        if not refs:
            yield one.row
        elif one.row.kind == OUT_OF_SCOPE:
            yield replace(one.row, matched=tuple(dict.fromkeys(refs)))
        else:
            yield replace(one.row, matched=tuple(dict.fromkeys(refs)), kind=MATCHED, note="")


def _kind(clause: Clause, entry: object, baseline: Edition, foreign: Edition) -> tuple[str, str]:
    if clause.scope not in ("security", "forced_labor"):
        return OUT_OF_SCOPE, f"not security ({clause.scope})"
    if clause.strength == STRENGTH_RANK["info"]:
        return BACKGROUND, "describes, asks for nothing"
    if _beyond_the_law(clause, baseline, foreign):
        return LEGAL_LIMIT, "export only; the baseline edition has no export component"
    if isinstance(entry, NoControl):
        return UNMAPPED, entry.no_control
    if not isinstance(entry, tuple) or not any(one.status in COUNTING for one in entry):
        return UNMAPPED, "no reviewed map"
    return BEYOND, ""


def _beyond_the_law(clause: Clause, baseline: Edition, foreign: Edition) -> bool:
    """Whether a demand is made of exports only and the baseline has no export component.

    How a program validates is no demand on exports, even where it validates exporters alone.
    """
    export_only = (clause.criterion.direction or foreign.direction) == "export"
    return baseline.direction == "import" and export_only and clause.criterion.category != "validation"


def legal_limit_note(rows: Iterable[ReverseRow], baseline: Edition) -> tuple[str, ...]:
    """Return what the conclusion has to say on export-only demands without a counterpart, if any."""
    count = sum(row.kind == LEGAL_LIMIT for row in rows)
    if not count:
        return ()
    note = f"Legal limit: {baseline.key} has no export component, so export-only demands have no counterpart "
    note += f"in it ({count}). If recognition fails for want of one alone, it has reached its legal limits."
    return (note,)
