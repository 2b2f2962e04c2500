"""Comparisons in a store: made, kept with their inputs, read back, explained, and set side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from engine.comparison import Scope
from engine.findings import Comparison, Finding
from engine.matching import default_matcher
from engine.policy import Policy
from jobs.comparing import Request, run_comparison
from jobs.explaining import explain_finding
from jobs.recent import Recent
from jobs.workshop import Actor, Workshop
from mappings.library import Library
from store import comparisons, inputs
from store.errors import NotFound

CHANGES = ("added", "dropped", "better", "worse", "changed", "same")
# Verdicts from the highest to the lowest, to say whether a change is for the better.
_RANK = {
    verdict: -place
    for place, verdict in enumerate(
        ("exceeds", "meets", "partly_meets", "not_reviewed", "not_evidenced", "no_counterpart")
    )
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A comparison that was made and kept; `fresh` says that it was not there before."""

    stored: comparisons.Stored
    comparison: Comparison
    fresh: bool


def make_comparison(workshop: Workshop, actor: Actor, request: Request, today: date) -> Kept:
    """Compare, and keep the result with everything it follows from.

    Raises UnknownName, NoEdition, MatcherError, NotFound for the workspace.
    """
    library, policy = workshop.library(actor.workspace), workshop.policy()
    comparison = compared(library, policy, request, today)
    return keep(workshop, actor, comparison, library, policy, asked(request))


def compared(library: Library, policy: Policy, request: Request, today: date) -> Comparison:
    """Return a comparison, from memory where it was one of the last made with this library."""
    recent: Recent[Comparison] = library.remember("comparisons", Recent)
    key = (request, policy.digest, request.as_of or today)
    return recent.get(key, lambda: run_comparison(library, request, today, policy))


def asked(request: Request) -> dict[str, Any]:
    """Return a request as plain data."""
    plain = asdict(request)
    plain["as_of"] = request.as_of.isoformat() if request.as_of else None
    plain["operators"] = list(request.operators)
    return plain


def keep(
    workshop: Workshop,
    actor: Actor,
    comparison: Comparison,
    library: Library,
    policy: Policy,
    request: dict[str, Any],
    texts: inputs.PolicyTexts | None = None,
) -> Kept:
    """Keep a comparison that was made; one that is here already stays as it is."""
    given = texts or (inputs.policy_texts(workshop.policy_folder) if workshop.policy_folder else None)
    try:
        with workshop.store.reading() as session:
            known = comparisons.get(session, actor.workspace, comparison.id)
        return Kept(known, comparison, fresh=False)
    except NotFound:
        pass  # it is new here

    def save(session: Any) -> comparisons.Stored:
        stored = comparisons.save(
            session, actor.workspace, comparison, library, policy, actor.who, request=request, texts=given
        )
        actor.record(
            session, "comparison.created", "comparison", comparison.id,
            baseline=comparison.baseline, foreign=comparison.foreign,
        )  # fmt: skip
        return stored

    return Kept(workshop.store.run(save), comparison, fresh=True)


@dataclass(frozen=True, slots=True)
class Case:
    """A stored comparison with the library and policy it was made with, as reports need them."""

    comparison: Comparison
    library: Library
    policy: Policy


def load_case(workshop: Workshop, workspace: str, key: str) -> Case:
    """Return a stored comparison with its own inputs; raise NotFound, MatcherError."""
    with workshop.store.reading() as session:
        saved = comparisons.load(session, workspace, key)
        found = comparisons.inputs_of(session, workspace, key)
    library = inputs.library_from(found, saved.versions["library"])
    return Case(saved, library, inputs.policy_from(found, default_matcher()))


def scope_of(comparison: Comparison) -> Scope:
    """Return what a comparison compared."""
    operators = comparison.scope.get("operators", ())
    return Scope(
        tuple(str(one) for one in operators) if isinstance(operators, list | tuple) else (),
        bool(comparison.scope.get("count_forced_labor")),
    )


def explain(case: Case, criterion: str) -> dict[str, Any]:
    """Return how the verdict on one criterion follows; raise UnknownName."""
    return explain_finding(case.library, case.comparison, criterion, case.policy)


@dataclass(frozen=True, slots=True)
class FindingChange:
    """What became of the finding on one criterion between two comparisons; None where it is in one only."""

    criterion: str
    title: str
    category: str
    strength: str
    change: str
    verdict_before: str | None
    verdict_after: str | None
    shortfall_before: str | None
    shortfall_after: str | None
    severity_before: str | None
    severity_after: str | None
    reasons_gone: tuple[str, ...]
    reasons_new: tuple[str, ...]


def finding_changes(before: Comparison, after: Comparison) -> Iterator[FindingChange]:
    """Yield every criterion of two comparisons with what became of it, in the order of the later one."""
    old = {finding.criterion: finding for finding in before.findings}
    new = {finding.criterion: finding for finding in after.findings}
    for criterion in dict.fromkeys((*new, *old)):
        yield _change(criterion, old.get(criterion), new.get(criterion))


def _change(criterion: str, old: Finding | None, new: Finding | None) -> FindingChange:
    shown = new or old
    assert shown is not None
    was = _codes(old)
    now = _codes(new)
    return FindingChange(
        criterion=criterion,
        title=shown.title,
        category=shown.category,
        strength=shown.strength,
        change=_kind(old, new),
        verdict_before=old.verdict if old else None,
        verdict_after=new.verdict if new else None,
        shortfall_before=old.shortfall if old else None,
        shortfall_after=new.shortfall if new else None,
        severity_before=old.severity if old else None,
        severity_after=new.severity if new else None,
        reasons_gone=tuple(code for code in was if code not in now),
        reasons_new=tuple(code for code in now if code not in was),
    )


def _codes(finding: Finding | None) -> tuple[str, ...]:
    if finding is None:
        return ()
    return tuple(dict.fromkeys(f"{one.obligation}:{one.code}" for one in finding.reasons))


def _kind(old: Finding | None, new: Finding | None) -> str:
    if old is None or new is None:
        return "added" if old is None else "dropped"
    if old == new:
        return "same"
    before, after = _rank(old), _rank(new)
    if before is None or after is None or before == after:
        return "changed"
    return "better" if after > before else "worse"


def _rank(finding: Finding) -> tuple[int, int] | None:
    if finding.verdict not in _RANK:
        return None
    by_shortfall = {"form": 2, "unknown": 1, "substance": 0}
    return _RANK[finding.verdict], by_shortfall.get(finding.shortfall or "", 0)
