"""A second, plain reading of VERDICTS V1 to V5: what a comparison must say, without any rule engine.

Written from the page alone. It reads editions, programs and maps, and nothing of `engine`. Composition
is worked out on sets, not looked up. Tests compare its answers with those of the engine.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from criteria.model import Criterion, Edition, Obligation, Program
from criteria.vocabulary import vocabulary
from mappings.library import Library
from mappings.model import Joint, Map

INFO, MAY, SHOULD, MUST = range(4)
STRENGTHS = {"info": INFO, "may": MAY, "should": SHOULD, "must": MUST}
BASES = ["unverified", "secondary", "published", "excerpt", "text"]
OUTCOMES = ["met_plus", "met", "form_only", "partial", "pending", "unknown", "absent"]
ASIDE = ("out_of_scope", "not_applicable")
VERDICTS = ["no_counterpart", "not_evidenced", "not_reviewed", "partly_meets", "meets", "exceeds"]
COUNTS = ("library", "approved")
COVERING = frozenset({"equal-to", "superset-of"})


@dataclass(frozen=True)
class Verdict:
    """What the page says of one criterion."""

    verdict: str
    shortfall: str | None
    provisional: bool
    outcomes: Mapping[str, str]
    operators: Mapping[str, str]
    operator_outcomes: Mapping[str, Mapping[str, str]]


# ------------------------------------------------------------------ V3: relations, on plain sets


def _relation(one: frozenset[int], other: frozenset[int]) -> str:
    if one == other:
        return "equal-to"
    if one < other:
        return "subset-of"
    if one > other:
        return "superset-of"
    return "intersects-with" if one & other else "no-relationship"


@cache
def composed() -> Mapping[tuple[str, str], frozenset[str]]:
    """Return what `a … b` and `b … c` leave possible between a and c, from all sets of six things.

    One middle set of each size is enough: renaming the things turns it into any other.
    """
    every = [frozenset(s) for n in range(1, 7) for s in itertools.combinations(range(6), n)]
    found: dict[tuple[str, str], set[str]] = {}
    for size in range(1, 7):
        middle = frozenset(range(size))
        for one, other in itertools.product(every, every):
            pair = _relation(one, middle), _relation(middle, other)
            found.setdefault(pair, set()).add(_relation(one, other))
    return {pair: frozenset(possible) for pair, possible in found.items()}


def _plain(relationship: Any) -> str:
    word = str(relationship)
    return "equal-to" if word == "equivalent-to" else word


def _turned(relationship: str) -> str:
    return {"subset-of": "superset-of", "superset-of": "subset-of"}.get(relationship, relationship)


def _reach(possible: frozenset[str]) -> str:
    if possible <= COVERING:
        return "covers"
    if "no-relationship" not in possible:
        return "overlaps"
    return "none" if possible == {"no-relationship"} else "uncertain"


# ------------------------------------------------------------------ V1: strength


def _strength(criterion: Criterion, clause: Obligation, edition: Edition, as_of: date) -> int:
    own = STRENGTHS[clause.strength] if clause.strength else _own(criterion, as_of)
    if criterion.instrument in ("law", "program_rule"):
        return own
    if criterion.under is None:
        return min(own, SHOULD)
    binding = next(c for c in edition.criteria if c.ref == criterion.under)
    rank = _provision_strength(binding, edition, as_of, {criterion.ref})
    if own == INFO:
        return INFO
    return min(own, rank) if clause.strength else rank


def _provision_strength(criterion: Criterion, edition: Edition, as_of: date, seen: set[str]) -> int:
    own = _own(criterion, as_of)
    if criterion.instrument in ("law", "program_rule"):
        return own
    if criterion.under is None or criterion.under in seen:
        return min(own, SHOULD)
    above = next(c for c in edition.criteria if c.ref == criterion.under)
    return min(own, _provision_strength(above, edition, as_of, seen | {criterion.ref}))


def _own(criterion: Criterion, as_of: date) -> int:
    """Return a criterion's strength on a day: the last change that began by then."""
    word, last = criterion.strength, ""
    for change in criterion.strength_history:
        if change.since <= as_of.isoformat()[: len(change.since)] and change.since >= last:
            word, last = change.strength, change.since
    return STRENGTHS[word]


# ------------------------------------------------------------------ what the foreign side offers


@dataclass(frozen=True, eq=False)
class Offer:
    """A single foreign obligation, or a joint group: what may carry an obligation alone."""

    path: str
    members: tuple[tuple[Criterion, Obligation], ...]
    strength: int
    maps: tuple[Map | Joint, ...]
    types: frozenset[str]
    believed: frozenset[str]
    values: Mapping[str, Any]
    conditions: frozenset[str]

    @property
    def refs(self) -> frozenset[str]:
        return frozenset(criterion.ref for criterion, _ in self.members)

    @property
    def unverified(self) -> bool:
        return any(criterion.basis == "unverified" for criterion, _ in self.members)

    @property
    def thin(self) -> bool:
        return any(clause.thin for _, clause in self.members)

    @property
    def deeming(self) -> Any:
        return next((clause.deeming for _, clause in self.members if clause.deeming), None)


def _certified(program: Program) -> frozenset[str]:
    return _types(program, ("all",))


def _types(program: Program, roles: Iterable[str]) -> frozenset[str]:
    wanted = set(roles)
    chosen = (r for r in program.roles if r.certified and ("all" in wanted or r.key in wanted))
    return frozenset(t for role in chosen for t in role.operator_types)


def _bound(
    program: Program, criterion: Criterion, clause: Obligation
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the types bound, and those believed to be bound without the text having been read."""
    known = _types(program, clause.operators or criterion.operators)
    believed = _types(program, criterion.operators_unverified) - known
    return (known, believed) if known or believed else (_certified(program), frozenset())


def _counted_rows(edition: Edition, program: Program) -> Iterator[tuple[Criterion, Obligation]]:
    outside = {tier.key for tier in program.tiers if tier.mutual_recognition is False}
    for criterion in edition.criteria:
        if criterion.tier and set(criterion.tier) <= outside:
            continue
        for clause in criterion.obligations:
            yield criterion, clause


def _rivals(edition: Edition) -> Mapping[str, frozenset[str]]:
    """Return, for each criterion, those in conflict with it, whichever of the two says so."""
    found: dict[str, set[str]] = {criterion.ref: set() for criterion in edition.criteria}
    for criterion in edition.criteria:
        for other in criterion.conflicts_with:
            found[criterion.ref].add(other)
            found.setdefault(other, set()).add(criterion.ref)
    return {ref: frozenset(others) for ref, others in found.items()}


def _scope(criterion: Criterion, clause: Obligation) -> str:
    return clause.scope or criterion.scope or vocabulary().categories[criterion.category].scope


def _offers(library: Library, edition: Edition, as_of: date, *, drop_unverified: bool) -> list[Offer]:
    program, maps = library.programs[edition.program], library.maps_of(edition.key)
    basis = {criterion.ref: BASES.index(criterion.basis) for criterion in edition.criteria}
    rivals = _rivals(edition)
    rows = {}
    for criterion, clause in _counted_rows(edition, program):
        beaten = any(basis[other] > basis[criterion.ref] for other in rivals[criterion.ref])
        if not beaten and _scope(criterion, clause) != "benefits":
            rows[f"{criterion.ref}.{clause.id}"] = (criterion, clause)
    made = []
    for key, row in rows.items():
        entry = maps.maps.get(key, ())
        live = tuple(m for m in entry if m.status != "rejected") if isinstance(entry, tuple) else ()
        made.append(_offer(key, (row,), live, edition, program, as_of, drop_unverified))
    for joint in maps.jointly:
        if joint.status != "rejected" and all(member in rows for member in joint.members):
            members = tuple(rows[member] for member in joint.members)
            made.append(
                _offer(f"joint {joint.id}", members, (joint,), edition, program, as_of, drop_unverified)
            )
    return [offer for offer in made if not (drop_unverified and offer.unverified)]


def _offer(
    path: str, members: tuple[tuple[Criterion, Obligation], ...], maps: tuple[Map | Joint, ...],
    edition: Edition, program: Program, as_of: date, drop_unverified: bool,
) -> Offer:  # fmt: skip
    bound = [_bound(program, criterion, clause) for criterion, clause in members]
    types = frozenset.intersection(*(known for known, _ in bound))
    believed = frozenset.intersection(*(known | more for known, more in bound)) - types
    conditions = {clause.applies_if or criterion.applies_if for criterion, clause in members} - {None}
    return Offer(
        path, members, min(_strength(c, o, edition, as_of) for c, o in members), maps, types, believed,
        _values([_stated(clause, drop_unverified=drop_unverified) for _, clause in members]),
        frozenset(str(one) for one in conditions),
    )  # fmt: skip


# ------------------------------------------------------------------ V2: values

HOURS = {"hour": 1.0, "day": 24.0, "week": 168.0, "month": 730.0, "year": 8760.0}


@dataclass(frozen=True)
class Value:
    """A value: a `figure` in its unit or as a rank; a list; `other`; or none of them (spoken of, vague)."""

    figure: float | None = None
    items: frozenset[str] | None = None
    other: bool = False
    anchor: str = ""

    @property
    def vague(self) -> bool:
        return self.figure is None and self.items is None and not self.other


def _value(key: str, raw: Any) -> Value:
    dimension = vocabulary().dimensions[key]
    anchor = ""
    if isinstance(raw, dict):
        raw, anchor = raw["value"], raw.get("from", "")
    if raw == "vague":
        return Value(anchor=anchor)
    if raw == "other":
        return Value(other=True)
    if dimension.kind == "set":
        return Value(items=frozenset([raw] if isinstance(raw, str) else raw))
    if dimension.kind == "rank":
        return Value(figure=float(dimension.values.index(raw)), anchor=anchor)
    if dimension.kind == "flag":
        return Value(figure=float(raw))
    found = re.fullmatch(r"([\d.]+)\s*(?:business\s+)?([a-z]*?)s?", str(raw).strip())
    assert found is not None
    figure = float(found[1]) * HOURS.get(found[2], 1.0)
    return Value(figure=float(round(figure / 24 if dimension.unit == "days" else figure)), anchor=anchor)


def _stated(clause: Obligation, *, drop_unverified: bool) -> dict[str, Value]:
    """Return what a foreign clause states; an illustration is no more than a vague word."""
    found = {}
    for key, raw in clause.parameters.items():
        value = Value() if key in clause.illustrative else _value(key, raw)
        if drop_unverified and key in clause.unverified:
            continue
        names = {*clause.illustrative, *(clause.unverified if drop_unverified else ())}
        if value.items is not None:
            left = frozenset(item for item in value.items if f"{key}.{item}" not in names)
            value = Value(items=left) if left else Value()
        found[key] = value
    return found


def _values(members: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    """Return what members state together: lists add up; of two figures the looser holds."""
    joined: dict[str, Value] = {}
    for key in sorted({key for values in members for key in values}):
        joined[key] = _together(key, [values[key] for values in members if key in values])
    return joined


def _together(key: str, values: Sequence[Value]) -> Value:
    dimension = vocabulary().dimensions[key]
    if dimension.kind == "set":
        lists = [value.items for value in values if value.items is not None]
        return Value(items=frozenset().union(*lists)) if lists else Value()
    for value in values:
        if value.vague:
            return value if len(values) == 1 else Value()
    for value in values:
        if value.other:
            return value
    sign = -1 if dimension.kind == "figure" and dimension.stricter == "lower" else 1
    return min(values, key=lambda v: (sign * (v.figure or 0), v.anchor))


def _judge_value(key: str, wanted: Value, free_items: frozenset[str], given: Value | None) -> str:
    """Return looser, equal or stricter (V2)."""
    dimension = vocabulary().dimensions[key]
    if dimension.kind == "flag":
        return "equal" if wanted.figure == 0 or (given and given.figure == 1) else "looser"
    if wanted.items is not None:
        return _judge_list(wanted.items, free_items, (given.items if given else None) or frozenset())
    if wanted.vague or given is None or given.vague:
        return "equal" if wanted.vague and given else "looser"
    if wanted.other or given.other:
        return "equal" if wanted.other and given.other else "looser"
    if wanted.anchor and wanted.anchor != given.anchor:
        return "looser"
    return _compare(dimension.stricter == "lower", wanted.figure or 0.0, given.figure or 0.0)


def _judge_list(wanted: frozenset[str], free: frozenset[str], given: frozenset[str]) -> str:
    if wanted - free - given:
        return "looser"
    return "stricter" if len(given) > len(wanted) else "equal"


def _compare(lower_is_stricter: bool, wanted: float, given: float) -> str:
    if wanted == given:
        return "equal"
    return "stricter" if (given < wanted) == lower_is_stricter else "looser"


def _dimensions(clause: Obligation, offer: Offer) -> set[str]:
    """Return which of looser and stricter occur; illustrations and unverified parts never fall short."""
    seen = set()
    for key, raw in clause.parameters.items():
        free = {*clause.illustrative, *clause.unverified}
        items = frozenset(name.split(".", 1)[1] for name in free if name.startswith(f"{key}."))
        result = _judge_value(key, _value(key, raw), items, offer.values.get(key))
        if not (key in free and result == "looser"):
            seen.add(result)
    return seen


# ------------------------------------------------------------------ V3, V4: ways and outcomes


@dataclass(frozen=True)
class Way:
    """One way in which an offer reaches an obligation."""

    reach: str
    counts: bool


@dataclass
class Side:
    """Everything that is looked at for one obligation."""

    library: Library
    baseline: Edition
    foreign: Edition
    as_of: date
    offers: Sequence[Offer]
    rivals: Mapping[str, frozenset[str]] = field(default_factory=dict)


def _direct_ways(side: Side, key: str, offer: Offer) -> list[Way] | None:
    """Return the reviewed direct relations between an offer and an obligation; None where there are none."""
    told = side.library.direct
    found = [
        _plain(one.relationship)
        for one in told.get((side.foreign.key, side.baseline.key), ())
        if (one.source, one.target) == (offer.path, key) and one.status in COUNTS
    ] + [
        _turned(_plain(one.relationship))
        for one in told.get((side.baseline.key, side.foreign.key), ())
        if (one.source, one.target) == (key, offer.path) and one.status in COUNTS
    ]
    if not found:
        return None
    return [Way(_reach(frozenset({one})), True) for one in found if one != "no-relationship"]


def _ways(side: Side, key: str, offer: Offer) -> Iterator[Way]:
    direct = _direct_ways(side, key, offer)
    if direct is not None:
        yield from direct
        return
    entry = side.library.maps_of(side.baseline.key).maps.get(key, ())
    own = [m for m in entry if m.status != "rejected"] if isinstance(entry, tuple) else []
    for one in own:
        for other in offer.maps:
            relation = _plain(one.relationship), _plain(other.relationship)
            if other.control != one.control or "no-relationship" in relation:
                continue
            counts = one.status in COUNTS and other.status in COUNTS
            reach = _reach(composed()[relation[1], _turned(relation[0])])
            # A part of the obligation, taken alone, is never the whole of it.
            yield Way("overlaps" if relation[0] == "superset-of" and reach == "covers" else reach, counts)
    parts = [m for m in own if _plain(m.relationship) == "superset-of"]
    if parts and all(part.complete and _part_covered(part, offer) for part in parts):
        yield Way("covers", True)


def _part_covered(part: Map, offer: Offer) -> bool:
    return part.status in COUNTS and any(
        m.control == part.control and m.status in COUNTS and _plain(m.relationship) in COVERING
        for m in offer.maps
    )


def _outcome(criterion: Criterion, clause: Obligation, own: int, offer: Offer, way: Way) -> str:
    if not way.counts or way.reach == "uncertain":
        return "pending"
    if offer.thin:
        return "unknown"
    if offer.deeming:
        return "partial" if offer.deeming.regime_read else "unknown"
    seen = _dimensions(clause, offer)
    wanted = clause.applies_if or criterion.applies_if
    narrower = bool(offer.conditions) and offer.conditions != {wanted}
    if way.reach != "covers" or narrower or "looser" in seen:
        return "partial"
    if offer.strength >= own:
        return "met_plus" if offer.strength > own or "stricter" in seen else "met"
    return "form_only" if offer.strength >= SHOULD else "partial"


def _readings(side: Side, criterion: Criterion, clause: Obligation, own: int) -> dict[Offer, str]:
    """Return the best outcome that each offer gives the obligation; offers without any are left out."""
    key = f"{criterion.ref}.{clause.id}"
    found = {}
    for offer in side.offers:
        outcomes = [
            _outcome(criterion, clause, own, offer, way)
            for way in _ways(side, key, offer)
            if way.reach != "none"
        ]
        if outcomes:
            found[offer] = min(outcomes, key=OUTCOMES.index)
    return found


def _best(side: Side, readings: Mapping[Offer, str]) -> str | None:
    """Return the best outcome; of sources in conflict that both say something, the looser reading."""
    standing = [o for offer, o in readings.items() if not _overruled(side, offer, o, readings)]
    return min(standing, key=OUTCOMES.index) if standing else None


def _overruled(side: Side, offer: Offer, outcome: str, readings: Mapping[Offer, str]) -> bool:
    against = frozenset().union(*(side.rivals.get(ref, frozenset()) for ref in offer.refs))
    return any(
        other.refs & against and OUTCOMES.index(outcome) < OUTCOMES.index(theirs) <= OUTCOMES.index("partial")
        for other, theirs in readings.items()
    )


def _read_whole(edition: Edition, category: str, types: Iterable[str]) -> bool:
    level = edition.completeness.get(category, edition.completeness.get("default", "partial"))
    by_type = level if isinstance(level, dict) else {"default": level}
    asked = [by_type.get(t, by_type.get("default", "partial")) for t in types]
    return bool(asked) and all(answer == "full" for answer in asked)


def _aside(
    side: Side, criterion: Criterion, clause: Obligation, own: int, bound: frozenset[str]
) -> str | None:
    if _scope(criterion, clause) not in ("security", "forced_labor"):
        return "out_of_scope"
    absent = {one.condition for one in side.foreign.conditions_absent}
    certified = _certified(side.library.programs[side.foreign.program])
    if own == INFO or (clause.applies_if or criterion.applies_if) in absent or not bound & certified:
        return "not_applicable"
    return None


def _outcomes(side: Side, criterion: Criterion, clause: Obligation) -> tuple[str, dict[str, str]]:
    """Return the outcome for the headline (any operator type) and for each operator type."""
    own = _strength(criterion, clause, side.baseline, side.as_of)
    bound = frozenset().union(*_bound(side.library.programs[side.baseline.program], criterion, clause))
    aside = _aside(side, criterion, clause, own, bound)
    if aside:
        return aside, dict.fromkeys(bound, aside)
    certified = _certified(side.library.programs[side.foreign.program])
    readings = _readings(side, criterion, clause, own)
    silent = {t: "absent" if _read_whole(side.foreign, criterion.category, [t]) else "unknown" for t in bound}
    whole = _read_whole(side.foreign, criterion.category, bound & certified)
    headline = _best(side, readings) or ("absent" if whole else "unknown")
    per_type = {}
    for one in bound:
        if one not in certified:
            per_type[one] = "not_applicable"
            continue
        best = _best(side, {offer: outcome for offer, outcome in readings.items() if one in offer.types})
        believed = any(one in offer.believed for offer in readings)
        per_type[one] = best or ("unknown" if believed else silent[one])
    return headline, per_type


# ------------------------------------------------------------------ V5: verdicts


def _verdict(outcomes: Sequence[tuple[str, bool]]) -> tuple[str, str | None]:
    left = [(outcome, must) for outcome, must in outcomes if outcome not in ASIDE]
    if not left:
        return ("out_of_scope" if all(o == "out_of_scope" for o, _ in outcomes) else "not_applicable"), None
    core = [outcome for outcome, must in left if must] or [outcome for outcome, _ in left]
    met, every = {"met", "met_plus"}, [outcome for outcome, _ in left]
    if set(every) <= met and "met_plus" in every:
        return "exceeds", None
    if set(core) <= met:
        return "meets", None
    if {"met_plus", "met", "form_only", "partial"} & set(every):
        if set(core) <= {*met, "form_only"}:
            return "partly_meets", "form"
        if set(core) <= {*met, "form_only", "pending", "unknown"}:
            return "partly_meets", "unknown"
        return "partly_meets", "substance"
    if "pending" in core:
        return "not_reviewed", None
    return ("not_evidenced" if "unknown" in core else "no_counterpart"), None


def verdicts(library: Library, baseline: Edition, foreign: Edition, as_of: date) -> dict[str, Verdict]:
    """Return what VERDICTS says of every baseline criterion, by reference."""
    plain, careful = (
        Side(
            library, baseline, foreign, as_of,
            _offers(library, foreign, as_of, drop_unverified=drop), _rivals(foreign),
        )
        for drop in (False, True)
    )  # fmt: skip
    rows: dict[str, list[tuple[Criterion, Obligation]]] = {}
    for criterion, clause in _counted_rows(baseline, library.programs[baseline.program]):
        rows.setdefault(criterion.ref, []).append((criterion, clause))
    return {ref: _criterion(plain, careful, clauses) for ref, clauses in rows.items()}


def _criterion(plain: Side, careful: Side, clauses: Sequence[tuple[Criterion, Obligation]]) -> Verdict:
    must = [_strength(c, o, plain.baseline, plain.as_of) == MUST for c, o in clauses]
    found = [_outcomes(plain, c, o) for c, o in clauses]
    verdict, shortfall = _verdict([(headline, m) for (headline, _), m in zip(found, must, strict=True)])
    strict, _ = _verdict([(_outcomes(careful, c, o)[0], m) for (c, o), m in zip(clauses, must, strict=True)])
    types = sorted({t for _, per_type in found for t in per_type})
    lower = verdict in VERDICTS and VERDICTS.index(strict) < VERDICTS.index(verdict)
    return Verdict(
        verdict, shortfall, lower,
        {f"{c.ref}.{o.id}": headline for (c, o), (headline, _) in zip(clauses, found, strict=True)},
        {
            t: _verdict([(per[t], m) for (_, per), m in zip(found, must, strict=True) if t in per])[0]
            for t in types
        },
        {f"{c.ref}.{o.id}": per for (c, o), (_, per) in zip(clauses, found, strict=True)},
    )  # fmt: skip
