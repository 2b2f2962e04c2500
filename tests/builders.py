"""A small library of two programs, made in memory, whose comparison holds every verdict.

`small_library()` is the whole thing; `criterion`, `obligation`, `edition`, `program`, `mapped` and
`library_of` build others. Names are made up, so that no test depends on the shipped data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

from criteria.model import Criterion, Edition, Obligation, Program
from engine.comparison import Scope, compare
from engine.findings import Comparison
from engine.matching import default_matcher
from engine.policy import Policy, load_policy
from mappings.library import Library
from mappings.loading import MapSet
from mappings.model import Control, DirectMap, Joint, Map, NoControl

AS_OF = date(2026, 11, 24)
Entry = tuple[Map, ...] | NoControl


def obligation(key: str, text: str, **more: Any) -> Obligation:
    """Return an obligation; `more` are its other fields."""
    return Obligation(id=key, text=text, **more)


def criterion(ref: str, category: str, *obligations: Obligation | str, **more: Any) -> Criterion:
    """Return a criterion in own words; obligations given as texts get the letters a, b, c …"""
    made = tuple(
        one if isinstance(one, Obligation) else obligation("abcdefgh"[n], one)
        for n, one in enumerate(obligations)
    )
    values = {
        "title": f"Subject {ref}",
        "statement": ". ".join(one.text for one in made) + ".",
        "strength": "must",
        "operators": ("all",),
        "look_for": f"papers on {ref}",
        "source": {"id": "rules", "reference": f"art. {ref}"},
        "basis": "text",
        **more,
    }
    return Criterion.model_validate({"ref": ref, "category": category, "obligations": made, **values})


def edition(key: str, owner: str, criteria: Iterable[Criterion], **more: Any) -> Edition:
    """Return an edition that was read in full unless `completeness` says otherwise."""
    values = {
        "title": f"Rules of {owner}",
        "label": "2025",
        "in_force": {"from": date(2025, 1, 1)},
        "read": "All of it, in a reproduction.",
        "direction": "both",
        "completeness": {"default": "full"},
        **more,
    }
    return Edition.model_validate({"key": key, "program": owner, "criteria": tuple(criteria), **values})


def program(key: str, name: str, /, **more: Any) -> Program:
    """Return an operational program that certifies importers and exporters."""
    cited = {"value": f"Act on {name}.", "basis": "published", "sources": ("act",)}
    values = {
        "name": f"{name} Partnership",
        "short_name": name,
        "administration": f"Customs of {name}",
        "country": name[:2].upper(),
        "direction": "both",
        "legal_basis": (cited,),
        "launched": {"value": "2001", "basis": "secondary", "sources": ("rules",)},
        "status": (
            {"from": date(2001, 1, 1), "status": "operational", "basis": "published", "sources": ("act",)},
        ),
        "validation": ({**cited, "value": f"Officers of {name} visit every site."},),
        "tiers": ({"key": "full", "name": "Full member", "mutual_recognition": True},),
        "strength_words": {"must": "must", "should": "should"},
        "roles": (
            {
                "key": "imp",
                "name": "Importing member",
                "operator_types": ("importer",),
                "direction": "import",
            },
            {
                "key": "exp",
                "name": "Exporting member",
                "operator_types": ("exporter",),
                "direction": "export",
            },
        ),
        "sources": {
            "rules": {"document": f"Rules of {name}", "url": f"https://{key}.example/rules"},
            "act": {"document": f"Act on {name}", "note": "Section 3."},
            "talk": {"document": f"A talk on {name}", "via": "a blog"},
        },
        "current_edition": f"{key}-2025",
        **more,
    }
    return Program.model_validate({"key": key, **values})


def mapped(control: str, relationship: str = "equal-to", **more: Any) -> tuple[Map, ...]:
    """Return one map to a control."""
    values = {"rationale": f"Both are about {control}.", "confidence": "high", **more}
    return (Map.model_validate({"control": control, "relationship": relationship, **values}),)


def unmapped(reason: str) -> NoControl:
    """Return the reason why an obligation answers no control."""
    return NoControl(no_control=reason)


def library_of(
    programs: Iterable[Program],
    editions: Iterable[Edition],
    maps: Mapping[str, Mapping[str, Entry]],
    *,
    jointly: Mapping[str, Iterable[Joint]] | None = None,
    direct: Mapping[tuple[str, str], tuple[DirectMap, ...]] | None = None,
) -> Library:
    """Return a library; its controls are those the maps name, in the category of the mapped criterion.

    The controls that the shipped policy asks for by name are there as well, as validation procedures.
    """
    by_program = {one.key: one for one in programs}
    by_edition = {one.key: one for one in editions}
    joint = {key: tuple(groups) for key, groups in (jointly or {}).items()}
    categories = dict.fromkeys(_named_by_policy(), "validation")
    for key, entries in maps.items():
        of = {c.ref: c.category for c in by_edition[key].criteria}
        for name, entry in entries.items():
            if not isinstance(entry, NoControl):
                categories |= {one.control: of[name.rpartition(".")[0]] for one in entry}
    controls = {
        key: Control(id=key, name=f"Control {key}", category=category, definition=f"What {key} is about.")
        for key, category in sorted(categories.items())
    }
    sets = {
        key: MapSet(key, entries, joint.get(key, ()), ("made for a test",)) for key, entries in maps.items()
    }
    digest = hashlib.sha256(repr((by_program, by_edition, sets, direct)).encode()).hexdigest()
    return Library(by_program, by_edition, controls, sets, direct or {}, digest)


@cache
def shipped_policy() -> Policy:
    """Return the shipped policy, loaded once."""
    return load_policy(default_matcher())


def _named_by_policy() -> list[str]:
    prerequisites = shipped_policy().tables["prerequisite"].model.prerequisites
    return [control for one in prerequisites for need in one.needs for control in need.controls]


HOME_CRITERIA = (
    criterion(
        "1.1",
        "security_vision",
        obligation("a", "the plan is reviewed every year", parameters={"interval": "12 months"}),
    ),
    criterion("1.2", "security_vision", "management signs the plan"),
    criterion("2.1", "business_partners", "partners are screened"),
    criterion(
        "2.2",
        "business_partners",
        obligation("a", "partners are checked every year", parameters={"interval": "12 months"}),
        "results are kept",
        operators_unverified=("exp",),
        operators=("imp",),
    ),
    criterion("2.3", "cybersecurity", "accounts are personal", "passwords are changed"),
    criterion(
        "3.1",
        "seal",
        obligation(
            "a", "high-security seals are used", parameters={"seal_standard": "iso17712_high_security"}
        ),
    ),
    criterion("3.2", "cybersecurity", "networks are tested"),
    criterion("3.3", "personnel", "applicants are vetted"),
    criterion("3.4", "personnel", "keys are returned on leaving", strength="should"),
    criterion("4.1", "physical_security", "fences are inspected", applies_if="fencing_used"),
    criterion(
        "4.2", "physical_security", "gates are watched", basis="secondary", unverified_parts="at night"
    ),
    criterion("5.1", "business_partners", "no forced labor is used", scope="forced_labor"),
    criterion("6.1", "compliance_record", "customs law was not broken", scope="compliance"),
    criterion("7.1", "training", "drivers are trained", unnumbered=True),
    criterion("V.1", "validation", "sites are visited before the decision"),
    criterion(
        "V.2",
        "validation",
        obligation("a", "members are validated again", parameters={"interval": "4 years"}),
    ),
)

AWAY_CRITERIA = (
    criterion(
        "A1",
        "security_vision",
        obligation("a", "the plan is reviewed twice a year", parameters={"interval": "6 months"}),
    ),
    criterion("A2", "security_vision", "the board signs the plan", instrument="questionnaire", under="A1"),
    criterion("A3", "business_partners", "partners should be screened", strength="should"),
    criterion(
        "A4",
        "business_partners",
        obligation("a", "partners are checked from time to time", parameters={"interval": "vague"}),
    ),
    criterion("A5", "cybersecurity", "accounts are personal"),
    criterion("A6", "personnel", "staff are looked at"),
    criterion(
        "A7", "physical_security", "gates are watched by guards", basis="unverified", source={"id": "talk"}
    ),
    criterion(
        "A8", "training", "drivers are trained", translated_from="Japanese", original="運転手は訓練を受ける"
    ),
    criterion("A9", "training", "their knowledge is tested"),
    criterion("X1", "procedural", "export papers are numbered", direction="export"),
    criterion("X2", "physical_access", "visitors are counted"),
    criterion("X3", "solvency", "accounts are sound", scope="solvency"),
    criterion("X4", "procedural", "this chapter is about goods", strength="info"),
    criterion("X5", "procedural", "forms are blue"),
    criterion("W1", "validation", "officers visit sites before they decide"),
    criterion(
        "W2", "validation", obligation("a", "members are validated again", parameters={"interval": "5 years"})
    ),
)


def _maps() -> dict[str, dict[str, Entry]]:
    home = {
        "1.1.a": "plan.review",
        "1.2.a": "plan.signed",
        "2.1.a": "partner.screen",
        "2.2.a": "partner.check",
        "2.2.b": "partner.results",
        "2.3.a": "it.accounts",
        "2.3.b": "it.passwords",
        "3.1.a": "seal.used",
        "3.2.a": "it.tests",
        "3.3.a": "staff.vetting",
        "3.4.a": "staff.keys",
        "4.1.a": "fence.inspect",
        "4.2.a": "gate.watch",
        "5.1.a": "labor.free",
        "6.1.a": "law.record",
        "7.1.a": "driver.training",
        "V.1.a": "valid.on_site_validation",
        "V.2.a": "valid.revalidation",
    }
    away = {
        "A1.a": "plan.review",
        "A2.a": "plan.signed",
        "A3.a": "partner.screen",
        "A4.a": "partner.check",
        "A5.a": "it.accounts",
        "A7.a": "gate.watch",
        "A8.a": "driver.training",
        "A9.a": "driver.training",
        "X1.a": "export.papers",
        "X2.a": "visitor.count",
        "W1.a": "valid.on_site_validation",
        "W2.a": "valid.revalidation",
    }
    entries: dict[str, Entry] = {key: mapped(control) for key, control in away.items()}
    entries["A6.a"] = mapped("staff.vetting", status="proposed")
    entries["A9.a"] = mapped("driver.training", "subset-of")
    for key in ("X3.a", "X4.a", "X5.a"):
        entries[key] = unmapped("asks for nothing that a control holds")
    return {"home-2025": {key: mapped(control) for key, control in home.items()}, "away-2025": entries}


def small_library(
    *,
    home: Iterable[Criterion] = HOME_CRITERIA,
    away: Iterable[Criterion] = AWAY_CRITERIA,
    home_program: Mapping[str, Any] | None = None,
    away_program: Mapping[str, Any] | None = None,
    home_key: str = "home",
    away_key: str = "away",
) -> Library:
    """Return two programs, Home and Away; comparing them gives every verdict and every reverse class."""
    absent = {"condition": "fencing_used", "source": "Away has no fences", "basis": "text"}
    current = {name: {"current_edition": f"{name}-2025"} for name in ("home", "away")}
    return library_of(
        (
            program(home_key, "Home", **{**current["home"], **(home_program or {})}),
            program(away_key, "Away", **{**current["away"], **(away_program or {})}),
        ),
        (
            edition("home-2025", home_key, home, direction="import"),
            edition(
                "away-2025",
                away_key,
                away,
                completeness={"default": "full", "cybersecurity": "partial"},
                conditions_absent=(absent,),
            ),
        ),
        _maps(),
    )


def small_comparison(
    library: Library | None = None, *, scope: Scope | None = None, warnings: Iterable[str] = ()
) -> tuple[Library, Comparison]:
    """Return a library (by default the small one) and the comparison of Away with Home in it."""
    library = library or small_library()
    made = compare(
        library,
        library.editions["home-2025"],
        library.editions["away-2025"],
        shipped_policy(),
        default_matcher(),
        AS_OF,
        scope,
        warnings=tuple(warnings),
    )
    return library, made
