"""Hypothesis strategies for specs of small worlds (tests/worlds.py): every feature that a verdict reads.

Specs are plain data, so that a failing example can be read, and kept as a scenario. Both sides draw
their controls and dimensions from the same few, so that they meet often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

Clause = dict[str, Any]
Criterion = dict[str, Any]
CONTROLS = ("k1", "k2", "k3")
RELATIONSHIPS = (
    "equal-to", "subset-of", "superset-of", "intersects-with", "equivalent-to", "no-relationship",
)  # fmt: skip
STATUSES = ("library", "approved", "proposed", "stale", "rejected")
TYPES = ("importer", "exporter")
BY_TYPE = tuple(
    {"default": "full", "seal": {"default": "full", "exporter": level}} for level in ("partial", "none")
)
PARAMETERS: dict[str, tuple[Any, ...]] = {
    "interval": ("12 months", "6 months", "1 year", "24 months", "vague"),
    "retention": (
        "1 year", "2 years", "vague",
        {"value": "1 year", "from": "arrival"}, {"value": "2 years", "from": "departure"},
    ),
    "seal_standard": ("iso17712_security", "any_seal", "iso17712_high_security", "other", "vague"),
    "written": (True, False),
    "standards": (["iso17712"], ["iso17712", "ispm15"], ["tapa"], "vague"),
    "elements": (["weight"], ["weight", "piece_count"], ["weight", "piece_count", "inventory"], "vague"),
}  # fmt: skip


def usually(default: Any, *others: Any, odds: int = 4) -> st.SearchStrategy[Any]:
    """Return the default, or one time in `odds` one of the others."""
    return st.sampled_from((default,) * ((odds - 1) * len(others)) + others)


# Made once: to make a strategy takes longer than to draw from it.
RARELY, SOMETIMES = usually(False, True, odds=15), usually(False, True)
VALUES = {key: st.sampled_from(values) for key, values in PARAMETERS.items()}
CONTROL = {n: st.lists(st.sampled_from(CONTROLS[:n]), min_size=1, max_size=2, unique=True) for n in (1, 2, 3)}
DIMENSIONS = st.lists(st.sampled_from(sorted(PARAMETERS)), max_size=2, unique=True)
RELATIONSHIP = usually("equal-to", *RELATIONSHIPS, odds=2)
STATUS = usually("library", *STATUSES, odds=5)
HISTORY = ({"from": "2027", "strength": "info"}, {"from": "2023-01-01", "strength": "must"})
REGIMES = tuple({"holder": "agents", "regime": "aviation", "regime_read": read} for read in (True, False))
CLAUSE = {
    "strength": usually(None, "must", "should", "may", "info", odds=3),
    "applies_if": usually(None, "land_border", "sea_cargo", odds=5),
    "scope": usually(None, "records", "benefits", "forced_labor", odds=12),
    "operators": usually((), ("importer",), ("exporter",), odds=5),
}
FOREIGN_CLAUSE = {"deeming": usually(None, *REGIMES, odds=10), "thin": usually(False, True, odds=10)}
CRITERION = {
    "category": usually("seal", "training", "compliance_record", odds=8),
    "strength": usually("must", "should", "may"),
    "instrument": usually("program_rule", "law", "guideline", "questionnaire", "form"),
    "operators": usually(("all",), ("importer",), ("exporter",), ()),
    "operators_unverified": usually((), ("importer",), ("all",), odds=6),
    "tier": usually((), ("gold",), ("basic",), ("basic", "gold"), odds=10),
    "strength_history": usually((), HISTORY, odds=12),
    "basis": usually("text", "excerpt", "secondary", "unverified", odds=3),
}
WORLD = {
    "completeness": usually("full", "partial", "none", *BY_TYPE, odds=2),
    "certifies": usually(TYPES, ("importer",), ("exporter",)),
    "conditions_absent": usually((), ("land_border",)),
}


def _draw_all(draw: st.DrawFn, fields: Mapping[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    found = {key: draw(strategy) for key, strategy in fields.items()}
    return {key: value for key, value in found.items() if value not in (None, (), False)}


def _maps(draw: st.DrawFn, controls: int, *, baseline: bool) -> dict[str, Any]:
    if draw(RARELY):
        return {"no_control": "nothing fits"}
    made = {}
    for control in draw(CONTROL[controls]):
        made[control] = {"relationship": draw(RELATIONSHIP), "status": draw(STATUS)}
        if baseline:
            made[control]["complete"] = not draw(SOMETIMES)
    return made


def _named(draw: st.DrawFn, parameters: dict[str, Any]) -> tuple[str, ...]:
    """Return some of a clause's own dimensions, or items of its lists; usually none."""
    names = list(parameters)
    names += [f"{k}.{item}" for k, v in parameters.items() if isinstance(v, list) for item in v]
    if not names or not draw(SOMETIMES):
        return ()
    return draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True).map(tuple))


def _clause(draw: st.DrawFn, controls: int, dimensions: Sequence[str], *, baseline: bool) -> Clause:
    parameters = {key: draw(VALUES[key]) for key in dimensions if not draw(SOMETIMES)}
    fields: Clause = {"parameters": parameters, "maps": _maps(draw, controls, baseline=baseline)}
    fields |= _draw_all(draw, CLAUSE if baseline else CLAUSE | FOREIGN_CLAUSE)
    for field in ("unverified", "illustrative"):
        names = _named(draw, parameters)
        if names:
            fields[field] = names
    return fields


def _side(
    draw: st.DrawFn, controls: int, dimensions: Sequence[str], number: int, *, baseline: bool
) -> list[Criterion]:
    """Return criteria with references, some standing under another, some in conflict with another."""
    refs = [f"{'' if baseline else 'A'}{n}" for n in range(1, number + 1)]
    made = []
    for ref in refs:
        clauses = draw(st.integers(1, 2))
        one: Criterion = {"ref": ref, **_draw_all(draw, CRITERION)}
        one["obligations"] = [_clause(draw, controls, dimensions, baseline=baseline) for _ in range(clauses)]
        others = [other for other in refs if other != ref]
        if others and one["instrument"] not in ("law", "program_rule") and draw(st.booleans()):
            one["under"] = draw(st.sampled_from(others))
        if others and draw(SOMETIMES):
            one["conflicts_with"] = (draw(st.sampled_from(others)),)
        made.append(one)
    return made


def _ids(rows: Sequence[Criterion]) -> list[str]:
    return [f"{row['ref']}.{letter}" for row in rows for letter in "ab"[: len(row["obligations"])]]


def _joint(draw: st.DrawFn, ids: Sequence[str], controls: int) -> dict[str, Any]:
    return {
        "members": draw(st.lists(st.sampled_from(ids), min_size=2, max_size=3, unique=True)),
        "control": draw(CONTROL[controls])[0],
        "relationship": draw(RELATIONSHIP),
        "status": draw(STATUS),
    }


def _direct(draw: st.DrawFn, foreign: Sequence[str], baseline: Sequence[str]) -> dict[str, Any]:
    return {
        "foreign": draw(st.sampled_from(foreign)),
        "baseline": draw(st.sampled_from(baseline)),
        "relationship": draw(st.sampled_from(RELATIONSHIPS)),
        "status": draw(STATUS),
        "told_by": draw(st.sampled_from(("foreign", "baseline"))),
    }


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """Specs of whole worlds."""
    controls, dimensions = draw(st.integers(1, 3)), draw(DIMENSIONS)
    baseline = _side(draw, controls, dimensions, draw(st.integers(1, 2)), baseline=True)
    foreign = _side(draw, controls, dimensions, draw(st.integers(0, 4)), baseline=False)
    here, there = _ids(baseline), _ids(foreign)
    joints = draw(st.sampled_from((0, 0, 1, 2))) if len(there) > 1 else 0
    directs = draw(st.sampled_from((0, 0, 1, 2))) if there else 0
    return {
        "baseline": baseline,
        "foreign": foreign,
        "jointly": [_joint(draw, there, controls) for _ in range(joints)],
        "direct": [_direct(draw, there, here) for _ in range(directs)],
        **{key: draw(strategy) for key, strategy in WORLD.items()},
        "tiers": {"basic": False, "gold": True},
    }
