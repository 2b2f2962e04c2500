"""Every scenario under tests/scenarios comes out as it says (tests/scenarios/README.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.findings import Finding, Prerequisite
from engine.matching import DirectMatcher
from engine.recommending import conclude
from tests.builders import shipped_policy
from tests.worlds import SPEC_KEYS, finding_of, world

FOLDER = Path(__file__).parents[1] / "scenarios"
KEYS = SPEC_KEYS | {"name", "expect", "musts", "prerequisites"}
MATCHER = DirectMatcher()
PREREQUISITES = ("fully_operational", "strong_validation", "strong_security")
# How a must comes to each verdict: what the foreign side has for it, and what the baseline adds.
MUSTS: Mapping[str, tuple[dict[str, Any] | None, dict[str, Any]]] = {
    "meets": ({}, {}),
    "exceeds": ({"parameters": {"interval": "6 months"}}, {"parameters": {"interval": "12 months"}}),
    "form": ({"strength": "should"}, {}),
    "substance": ({"parameters": {}}, {"parameters": {"interval": "12 months"}}),
    "unknown": ({}, {}),
    "no counterpart": (None, {}),
    "not evidenced": ({"thin": True}, {}),
    "not reviewed": ({"status": "proposed"}, {}),
    "provisional": ({"basis": "unverified"}, {}),
    "not applicable": (None, {"applies_if": "land_border"}),
    "out of scope": (None, {"scope": "solvency"}),
    "missing should": (None, {"strength": "should"}),
}


def _scenarios() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for scenario in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield pytest.param(path.name, scenario, id=f"{path.stem}: {scenario['name']}")


@pytest.mark.parametrize(("file", "scenario"), [*_scenarios()])
def test_a_scenario_comes_out_as_it_says(file, scenario):
    """What the comparison says is what the scenario expects."""
    assert set(scenario) <= KEYS, f"{file}: unknown keys {sorted(set(scenario) - KEYS)}"
    spec = {key: value for key, value in scenario.items() if key in SPEC_KEYS}
    said = _recommended(scenario) if "musts" in scenario else _judged(spec, scenario["expect"])
    expected = {key: _plain(key, value) for key, value in scenario["expect"].items()}
    unknown = sorted(set(expected) - set(said))
    assert not unknown, f"{file}: expect has no {unknown}; it has {sorted(said)}"
    differing = [
        f"  {key}: expected {value!r}, but it is {said[key]!r}"
        for key, value in expected.items()
        if said[key] != value
    ]
    if differing:
        told = yaml.safe_dump(scenario, sort_keys=False, allow_unicode=True, width=100)
        pytest.fail("\n".join([f"{file}: {scenario['name']}", *differing, "", told]), pytrace=False)


def _plain(key: str, value: Any) -> Any:
    """Return an expected value as the comparison has it: underscores for spaces, lists in one order."""
    if key == "verdict":
        return value.replace(" ", "_")
    if key == "operators":
        return {operator: verdict.replace(" ", "_") for operator, verdict in value.items()}
    return sorted(value) if key == "reasons" else value


def _judged(spec: Mapping[str, Any], expect: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of one criterion, under the words of a scenario."""
    found = finding_of(world(spec).compare(MATCHER), str(expect.get("criterion", "1")))
    wanted = expect.get("operators", found.operators)
    return {
        "criterion": expect.get("criterion", found.criterion),
        "verdict": found.verdict,
        "shortfall": found.shortfall,
        "provisional": found.provisional,
        "strength": found.strength,
        "counted": found.counted,
        "severity": found.severity,
        "if absent": found.if_absent,
        "reasons": sorted(reason.code for reason in found.reasons),
        "outcomes": {one.id: one.outcome for one in found.obligations},
        "operators": {key: verdict for key, verdict in found.operators.items() if key in wanted},
        "path": found.obligations[0].path,
        "common": list(found.common),
        "missing": list(found.missing),
        "extra": list(found.extra),
    }


def _recommended(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recommendation on so many musts of each kind, each of them really compared."""
    policy = shipped_policy()
    said = {
        "fully_operational": "met",
        **dict.fromkeys(PREREQUISITES, "met"),
        **scenario.get("prerequisites", {}),
    }
    given = [Prerequisite(key, key, verdict, (), (), (), "text") for key, verdict in said.items()]
    findings = list(_musts(scenario["musts"]))
    made = conclude(findings, given, policy, MATCHER)
    tracks = {"criteria": made.criteria, "validation": made.validation}
    numbers = next(track.numbers for track in tracks.values() if track)
    return {
        **{name: track.recommendation if track else None for name, track in tracks.items()},
        "overall": made.overall,
        "of": numbers["musts"],
        **{name: numbers[name] for name in ("similar", "addressed", "open", "critical")},
    }


def _musts(wanted: Mapping[str, Mapping[str, int]]) -> Iterator[Finding]:
    baseline, foreign = [], []
    kinds = [
        (category, kind)
        for category, counts in wanted.items()
        for kind, n in counts.items()
        for _ in range(n)
    ]
    for number, (category, kind) in enumerate(kinds):
        there, here = MUSTS[kind]
        obligations = [{"maps": f"k{number}", **_on_obligation(here)}]
        if kind == "unknown":
            obligations.append({"maps": f"h{number}"})
            foreign.append({"maps": f"h{number}", "thin": True})
        baseline.append({"category": category, "obligations": obligations, **_on_criterion(here)})
        if there is not None:
            status = there.get("status", "library")
            maps = {f"k{number}": {"relationship": "equal-to", "status": status}}
            foreign.append({"maps": maps, **{k: v for k, v in there.items() if k != "status"}})
    made = world({"baseline": baseline, "foreign": foreign, "conditions_absent": ["land_border"]})
    yield from made.compare(MATCHER).findings


def _on_obligation(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key == "parameters"}


def _on_criterion(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != "parameters"}
