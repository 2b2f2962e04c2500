"""What the criteria of a new edition take over from the edition before: clauses, maps, and what to tell.

A criterion whose text is the same keeps its clauses, as they were encoded and reviewed, and its maps. One
whose text changed keeps its maps as stale ones, which count again once they are reviewed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from criteria.editions import Match
from criteria.model import Criterion, Edition
from criteria.problems import Problem
from mappings.library import Library
from mappings.model import Joint, Map, NoControl
from workbooks.problem_codes import problem

ENCODED = (
    "obligations", "scope", "instrument", "applies_if", "direction", "tier", "unverified_parts", "unnumbered",
    "topics", "translated_from", "original",
)  # fmt: skip
"""What is known of a criterion beyond the row of a spreadsheet; it holds as long as the text is the same."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The maps and joint groups that a new edition has from the one before."""

    maps: Mapping[str, tuple[Map, ...] | NoControl]
    jointly: tuple[Joint, ...] = ()


def is_same(match: Match) -> bool:
    """Return whether a criterion's text is the same in both editions, under whatever reference."""
    return match.kind == "unchanged" or (match.kind == "moved" and match.likeness == 100)


def carried(
    criteria: Sequence[Criterion], previous: Edition, matches: Sequence[Match], problems: Sequence[Problem]
) -> tuple[list[Criterion], list[Problem]]:
    """Return the new criteria with what is known of the same texts, and the problems that are left.

    Where neither strength nor category is stated, those of the edition before hold, without a problem.
    """
    before = {criterion.ref: criterion for criterion in previous.criteria}
    same = {match.new: before[match.old] for match in matches if is_same(match)}
    refs = {match.old: match.new for match in matches if match.new}
    unsaid: dict[str, set[str]] = {}
    for found in problems:
        if found.code in ("strength_not_stated", "category_not_stated", "category_not_recognized"):
            unsaid.setdefault(found.cell, set()).add(found.field)
    settled = set()
    made = []
    for criterion in criteria:
        old = same.get(criterion.ref)
        if old is None:
            made.append(criterion)
            continue
        cell = criterion.source.reference.split("; ")[0]
        missing = unsaid.get(cell, set())
        made.append(_carried(criterion, old, refs, missing))
        settled |= {(cell, field) for field in missing if field == "strength"}
    return made, [found for found in problems if (found.cell, found.field) not in settled]


def _carried(criterion: Criterion, old: Criterion, refs: Mapping[str, str], missing: set[str]) -> Criterion:
    known = {name: getattr(old, name) for name in ENCODED}
    known["under"] = refs.get(old.under or "")
    if "strength" in missing:
        known |= {"strength": old.strength, "strength_word": old.strength_word}
    if "category" in missing:
        known["category"] = old.category
    if criterion.operators == ("all",):
        known["operators"] = old.operators
    return criterion.model_copy(update=known)


def kept_maps(library: Library, edition: Edition, previous: Edition, matches: Sequence[Match]) -> Kept:
    """Return the maps that carry over: as they are where a text is the same, stale where it changed.

    A reason why nothing fits holds for the same text only; a changed one is proposed anew.
    """
    before = {criterion.ref: criterion for criterion in previous.criteria}
    after = {criterion.ref: criterion for criterion in edition.criteria}
    old_maps = library.maps_of(previous.key)
    kept: dict[str, tuple[Map, ...] | NoControl] = {}
    same: dict[str, str] = {}
    for match in matches:
        if not (match.old and match.new):
            continue
        for old, new in _paired(before[match.old], after[match.new]):
            entry = old_maps.maps.get(old)
            if is_same(match):
                same[old] = new
            if entry and is_same(match):
                kept[new] = entry
            elif entry and not isinstance(entry, NoControl):
                kept[new] = _with(kept.get(new), _stale(entry))
    joint = tuple(
        group.model_copy(update={"members": tuple(same[one] for one in group.members)})
        for group in old_maps.jointly
        if all(one in same for one in group.members)
    )
    return Kept(kept, joint)


def _paired(old: Criterion, new: Criterion) -> Iterator[tuple[str, str]]:
    """Yield which old obligation's maps go to which new one: by letter, to the first where it is gone."""
    letters = {obligation.id for obligation in new.obligations}
    for obligation in old.obligations:
        letter = obligation.id if obligation.id in letters else new.obligations[0].id
        yield f"{old.ref}.{obligation.id}", f"{new.ref}.{letter}"


def _stale(entry: tuple[Map, ...]) -> tuple[Map, ...]:
    return tuple(one.model_copy(update={"status": "stale"}) for one in entry)


def _with(entry: tuple[Map, ...] | NoControl | None, more: tuple[Map, ...]) -> tuple[Map, ...]:
    known = entry if isinstance(entry, tuple) else ()
    controls = {one.control for one in known}
    return (*known, *(one for one in more if one.control not in controls))


def match_problems(
    matches: Sequence[Match], previous: Edition, criteria: Sequence[Criterion]
) -> Iterator[Problem]:
    """Yield what became of the criteria of the edition before, each at its cell: changed, moved, vanished."""
    places = {criterion.ref: criterion.source.reference for criterion in criteria}
    for match in matches:
        cell = places.get(match.new, "").split("; ")[0]
        place = {"sheet": cell.rpartition("!")[0], "cell": cell, "value": match.new or match.old}
        if match.kind == "vanished":
            yield problem("vanished_criterion", field="ref", **place, edition=previous.key)
        elif match.kind == "moved":
            yield problem("reference_changed", field="ref", **place, before=match.old, edition=previous.key)
        if match.kind == "changed" or (match.kind == "moved" and not is_same(match)):
            yield problem("text_changed", field="requirement", **place, edition=previous.key)
