"""Small libraries of two programs, made from compact data: what scenarios and properties are written in.

A *spec* is plain data (a dict or YAML), read like this:

    baseline: {strength: must, parameters: {interval: 12 months}}   # one criterion, or a list of them
    foreign: {strength: should}                                     # the same; [] for nothing at all
    relationship: subset-of                                         # of every foreign map that names none

A criterion holds any field of `Criterion`; `parameters`, `maps`, `thin`, `deeming`, `illustrative` and
`unverified` may stand on it directly when it has a single obligation. Otherwise they stand on its
`obligations` (ids a, b, c … by order). `maps` is the name of a control, or a mapping of control to a
relationship or to the fields of a map; without it an obligation is mapped to the control named
`control`. References default to 1, 2, 3 … and A1, A2, A3 …
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from criteria.model import Criterion, Edition, Program
from engine.comparison import Scope, compare
from engine.findings import Comparison, Finding
from engine.matching import Matcher
from engine.policy import Policy
from mappings.library import Library
from mappings.model import DirectMap, Joint, Map, NoControl
from tests.builders import AS_OF, criterion, edition, library_of, obligation, program, shipped_policy

Spec = Mapping[str, Any]
HOME, AWAY = "home-2025", "away-2025"
CONTROL = "control"
TYPES = ("importer", "exporter")
ON_OBLIGATION = ("parameters", "thin", "deeming", "illustrative", "unverified", "maps")
SPEC_KEYS = frozenset(
    {"baseline", "foreign", "relationship", "jointly", "direct", "completeness", "conditions_absent",
     "certifies", "tiers", "as_of", "scope", "status", "directions"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """A library made from a spec, with what is to be compared and when."""

    library: Library
    as_of: date
    scope: Scope

    @property
    def baseline(self) -> Edition:
        """The edition that sets the standard."""
        return self.library.editions[HOME]

    @property
    def foreign(self) -> Edition:
        """The edition held against it."""
        return self.library.editions[AWAY]

    def compare(self, matcher: Matcher, policy: Policy | None = None, *, turned: bool = False) -> Comparison:
        """Return the comparison of the foreign edition with the baseline, or `turned` the other way round."""
        sides = (self.foreign, self.baseline) if turned else (self.baseline, self.foreign)
        return compare(self.library, *sides, policy or shipped_policy(), matcher, self.as_of, self.scope)


def world(spec: Spec) -> World:
    """Return the world that a spec describes; raise ValueError for a key that means nothing."""
    strange = sorted(set(spec) - SPEC_KEYS)
    if strange:
        raise ValueError(f"a world has no {', '.join(strange)}; it has {', '.join(sorted(SPEC_KEYS))}")
    home, home_maps = _side(_listed(spec.get("baseline", {})), "", "equal-to")
    away, away_maps = _side(_listed(spec.get("foreign", {})), "A", spec.get("relationship", "equal-to"))
    directions = spec.get("directions", {})
    editions = (
        edition(HOME, "home", home, direction=directions.get("baseline", "both")),
        edition(
            AWAY, "away", away,
            direction=directions.get("foreign", "both"),
            completeness=_completeness(spec.get("completeness", "full")),
            conditions_absent=tuple(
                {"condition": name, "source": "The guide says so.", "basis": "text"}
                for name in spec.get("conditions_absent", ())
            ),
        ),
    )  # fmt: skip
    library = library_of(
        (_program("home", TYPES, {}), _program("away", spec.get("certifies", TYPES), spec)),
        editions,
        {HOME: home_maps, AWAY: away_maps},
        jointly={AWAY: tuple(_joint(n, one) for n, one in enumerate(spec.get("jointly", ())))},
        direct=_direct(spec.get("direct", ())),
    )
    return World(library, _day(spec.get("as_of", AS_OF)), Scope(**_scope(spec.get("scope", {}))))


def finding_of(comparison: Comparison, ref: str) -> Finding:
    """Return the finding on a criterion."""
    return next(finding for finding in comparison.findings if finding.criterion == ref)


def _listed(side: Any) -> Sequence[Spec]:
    return [side] if isinstance(side, Mapping) else list(side or ())


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _scope(raw: Spec) -> dict[str, Any]:
    return {**raw, "operators": tuple(raw.get("operators", ()))}


def _completeness(raw: Any) -> dict[str, Any]:
    return {"default": raw} if isinstance(raw, str) else dict(raw)


def _program(key: str, certifies: Iterable[str], spec: Spec) -> Program:
    roles = tuple({"key": t, "name": t, "operator_types": (t,), "certified": True} for t in certifies)
    more: dict[str, Any] = {"roles": roles}
    if "tiers" in spec:
        more["tiers"] = tuple(
            {"key": k, "name": k, "mutual_recognition": c} for k, c in spec["tiers"].items()
        )
    if "status" in spec:
        more["status"] = tuple({"from": s, "status": w} for s, w in spec["status"].items())
    return program(key, key.capitalize(), **more)


def _side(
    rows: Sequence[Spec], prefix: str, relationship: str
) -> tuple[list[Criterion], dict[str, tuple[Map, ...] | NoControl]]:
    criteria: list[Criterion] = []
    maps: dict[str, tuple[Map, ...] | NoControl] = {}
    for number, row in enumerate(rows, 1):
        fields = dict(row)
        ref = str(fields.pop("ref", f"{prefix}{number}"))
        own = {key: fields.pop(key) for key in ON_OBLIGATION if key in fields}
        clauses = [dict(one) for one in fields.pop("obligations", [own])]
        made = []
        for letter, clause in zip("abcdefgh", clauses, strict=False):
            raw = clause.pop("maps", CONTROL)
            maps[f"{ref}.{letter}"] = _maps(raw, relationship)
            text = clause.pop("text", f"what {ref}.{letter} asks for")
            made.append(obligation(letter, text, **_tuples(clause)))
        category = fields.pop("category", "seal")
        criteria.append(criterion(ref, category, *made, **_tuples(fields)))
    return criteria, maps


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}


def _maps(raw: Any, relationship: str) -> tuple[Map, ...] | NoControl:
    if isinstance(raw, str):
        raw = {raw: relationship}
    if "no_control" in raw:
        return NoControl(no_control=raw["no_control"])
    made = []
    for control, what in raw.items():
        fields = {"relationship": what} if isinstance(what, str) else dict(what)
        values = {
            "relationship": relationship,
            "rationale": "made for a test",
            "confidence": "high",
            **fields,
        }
        made.append(Map.model_validate({"control": control, **values}))
    return tuple(made)


def _joint(number: int, raw: Spec) -> Joint:
    values = {
        "id": f"j{number + 1}",
        "control": CONTROL,
        "relationship": "equal-to",
        "rationale": "made for a test",
    }
    return Joint.model_validate({**values, "confidence": "high", **_tuples(raw)})


def _direct(rows: Iterable[Spec]) -> dict[tuple[str, str], tuple[DirectMap, ...]]:
    """Return direct maps: `foreign` and `baseline` are obligations; `told_by: baseline` turns one round."""
    found: dict[tuple[str, str], list[DirectMap]] = {}
    for raw in rows:
        turned = raw.get("told_by") == "baseline"
        source, target = (raw["baseline"], raw["foreign"]) if turned else (raw["foreign"], raw["baseline"])
        one = DirectMap(
            source=source, target=target, relationship=raw["relationship"], rationale="made for a test",
            confidence="high", status=raw.get("status", "approved"),
        )  # fmt: skip
        found.setdefault((HOME, AWAY) if turned else (AWAY, HOME), []).append(one)
    return {pair: tuple(maps) for pair, maps in found.items()}
