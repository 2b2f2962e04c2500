"""The three prerequisites before phase 1, by the policy file and cited program facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from criteria.model import BASES, BASIS_RANK, STRENGTH_RANK, Basis, Edition, Program, Status
from criteria.problems import UnknownName
from engine.clauses import certified_types
from engine.completeness import completeness
from engine.facts import Provision
from engine.findings import Prerequisite
from engine.matching import Matcher
from engine.policy import Need, Policy, PrerequisiteModel, Vector
from mappings.library import Library
from mappings.relationships import Relationship

COVERING = (Relationship.EQUAL, Relationship.EQUIVALENT, Relationship.SUPERSET)
MET, OPEN, ABSENT = "met", "open", "absent"


def status_on(program: Program, as_of: date) -> Status | None:
    """Return the program's last known status on a date."""
    known = [status for status in program.status if status.since <= as_of]
    return max(known, key=lambda status: status.since, default=None)


def judge_prerequisites(
    library: Library,
    foreign: Edition,
    provisions: Sequence[Provision],
    policy: Policy,
    matcher: Matcher,
    as_of: date,
) -> tuple[Prerequisite, ...]:
    """Return the verdict on each prerequisite with its reasons, facts and sources."""
    program = library.programs[foreign.program]
    return tuple(
        _by_needs(library, foreign, provisions, model, policy, matcher)
        if model.needs
        else _by_status(program, model, policy, matcher, as_of)
        for model in policy.tables["prerequisite"].model.prerequisites
    )


def _decide(policy: Policy, matcher: Matcher, vector: Vector) -> str:
    return policy.tables["prerequisite"].decide([vector], matcher)[vector]["verdict"]


def _by_status(
    program: Program, model: PrerequisiteModel, policy: Policy, matcher: Matcher, as_of: date
) -> Prerequisite:
    status = status_on(program, as_of)
    word = status.status if status else "unknown"
    reason = f"status on {as_of:%Y-%m-%d}: {word}" + (f" since {status.since:%Y-%m-%d}" if status else "")
    facts = (status.note,) if status and status.note else ()
    verdict = _decide(policy, matcher, ("status", word, 0, 0, 0, 0))
    sources = status.sources if status else ()
    return Prerequisite(
        model.key, model.name, verdict, (reason,), facts, sources, status.basis if status else "unverified"
    )


def _by_needs(
    library: Library,
    foreign: Edition,
    provisions: Sequence[Provision],
    model: PrerequisiteModel,
    policy: Policy,
    matcher: Matcher,
) -> Prerequisite:
    types = sorted(certified_types(library.programs[foreign.program]))
    states = [_state(library, foreign, provisions, need, model.least_basis, types) for need in model.needs]
    total = len(states)
    essential = [state for need, (state, _) in zip(model.needs, states, strict=True) if need.essential]
    vector = (
        "needs", "none", essential.count(ABSENT), essential.count(OPEN),
        1000 * sum(state == MET for state, _ in states) // total,
        -(-1000 * sum(state == ABSENT for state, _ in states) // total),
    )  # fmt: skip
    used = [provision for _, found in states for provision in found]
    meeting = [provision for state, found in states if state == MET for provision in found]
    return Prerequisite(
        key=model.key,
        name=model.name,
        verdict=_decide(policy, matcher, vector),
        reasons=tuple(
            _reason(need, state, found) for need, (state, found) in zip(model.needs, states, strict=True)
        ),
        facts=tuple(dict.fromkeys(f"{p.ref}: {p.text}" for p in used)),
        sources=tuple(sorted({p.clauses[0].criterion.source.id for p in used})),
        basis=min((p.basis for p in meeting or used), key=BASIS_RANK.__getitem__, default=BASES[0]),
    )


def _reason(need: Need, state: str, found: Sequence[Provision]) -> str:
    return f"{need.name}: {state}" + (f" ({', '.join(dict.fromkeys(p.ref for p in found))})" if found else "")


def _state(
    library: Library,
    foreign: Edition,
    provisions: Iterable[Provision],
    need: Need,
    least_basis: Basis,
    types: Sequence[str],
) -> tuple[str, tuple[Provision, ...]]:
    """Return whether a need is met, absent or open, and the best read provision on it."""
    touching = [p for p in provisions if _touches(library.controls, p, need)]
    wanted = STRENGTH_RANK[need.strength]
    covering = [p for p in touching if _covers(p) and p.strength >= wanted]
    read_well = [p for p in covering if BASIS_RANK[p.basis] >= BASIS_RANK[least_basis]]
    if read_well:
        return MET, (max(read_well, key=lambda p: (BASIS_RANK[p.basis], p.strength)),)
    categories = {*need.categories, *(_category(library, control) for control in need.controls)}
    read = all(completeness(foreign, category, t) == "full" for category in categories for t in types)
    return (ABSENT if read and not touching else OPEN), tuple((covering or touching)[:1])


def _category(library: Library, control: str) -> str:
    """Return the category of a control that the policy names; raise UnknownName with the nearest ones."""
    if control not in library.controls:
        raise UnknownName("control", control, library.controls)
    return library.controls[control].category


def _covers(provision: Provision) -> bool:
    """Whether a provision, for everybody and in full text, certainly asks for all of its control."""
    everybody = provision.counts and not provision.thin and provision.deeming is None
    return everybody and provision.relationship in COVERING


def _touches(controls: Mapping[str, object], provision: Provision, need: Need) -> bool:
    if provision.control in need.without:
        return False
    if provision.control in need.controls:
        return True
    control = controls.get(provision.control)
    return getattr(control, "category", "") in need.categories
