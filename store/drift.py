"""Which stored comparisons would come out differently now, and why: what an upgrade has to say.

A stored comparison stays as it is. This makes each one anew with today's library, policy and program
and tells what has changed: its id, and, what people care about, its verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from criteria.problems import DataError, UnknownName
from engine.comparison import compare
from engine.editions import NoEdition, pick_edition
from engine.findings import Comparison
from engine.matching import Matcher
from engine.policy import Policy, load_policy
from mappings.library import Library
from store import comparisons, inputs, libraries
from store.comparisons import Stored
from store.models import ComparisonRow, WorkspaceRow


@dataclass(frozen=True, slots=True)
class ChangedFinding:
    """A criterion whose verdict is another now; None where it was not, or is no longer, compared."""

    criterion: str
    before: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class Drift:
    """A stored comparison that would have another id now.

    `causes` are the parts that changed: baseline, foreign, policy, vocabulary, program. `now` is the
    new id, None where it can no longer be made; `obstacle` then says why.
    """

    workspace: str
    id: str
    baseline: str
    foreign: str
    now: str | None
    causes: tuple[str, ...]
    findings: tuple[ChangedFinding, ...] = ()
    overall_before: str | None = None
    overall_now: str | None = None
    obstacle: str = ""

    @property
    def matters(self) -> bool:
        """Whether a verdict or the recommendation changes, and not only the id."""
        return bool(self.obstacle or self.findings) or self.overall_before != self.overall_now

    def as_dict(self) -> dict[str, Any]:
        """Return the drift as plain data."""
        return {
            "workspace": self.workspace,
            "comparison": self.id,
            "baseline": self.baseline,
            "foreign": self.foreign,
            "now": self.now,
            "causes": list(self.causes),
            "matters": self.matters,
            "findings": [
                {"criterion": one.criterion, "before": one.before, "now": one.now} for one in self.findings
            ],
            "overall": {"before": self.overall_before, "now": self.overall_now},
            "obstacle": self.obstacle,
        }


def drifted(
    session: Session,
    matcher: Matcher,
    workspace: str | None = None,
    library_of: Callable[[Session, str], Library] = libraries.library_of,
) -> Iterator[Drift]:
    """Yield the stored comparisons (of all workspaces, or one) that would have another id now.

    A comparison is asked again as it was asked then: for the same programs or editions, date and scope,
    with the shipped policy as it is now, or with the policy of its own that it had.
    """
    shipped = load_policy(matcher)
    keys = select(WorkspaceRow.key).order_by(WorkspaceRow.key)
    for key in session.scalars(keys).all() if workspace is None else [workspace]:
        query = select(ComparisonRow.id).where(ComparisonRow.workspace == key).order_by(ComparisonRow.seq)
        ids = session.scalars(query).all()
        try:
            library: Library | str = library_of(session, key) if ids else ""
        except DataError as error:
            library = f"the library of this workspace has errors: {error.problems[0]}"
        for one in ids:
            found = _drift(session, comparisons.get(session, key, one), library, shipped, matcher)
            if found is not None:
                yield found


def _drift(
    session: Session, stored: Stored, library: Library | str, shipped: Policy, matcher: Matcher
) -> Drift | None:
    if isinstance(library, str):
        return _lost(stored, library)
    saved = comparisons.load(session, stored.workspace, stored.id)
    found = comparisons.inputs_of(session, stored.workspace, stored.id)
    try:
        policy = shipped if saved.policy["name"] == "default" else inputs.policy_from(found, matcher)
        baseline, notes = pick_edition(library, str(stored.request["baseline"]), stored.as_of)
        foreign, more = pick_edition(library, str(stored.request["foreign"]), stored.as_of)
        made = compare(
            library, baseline, foreign, policy, matcher, stored.as_of, inputs.scope_from(found),
            (*notes, *more),
        )  # fmt: skip
    except (UnknownName, NoEdition, DataError) as error:
        return _lost(stored, str(error))
    if made.id == saved.id:
        return None
    now = comparisons.identity(library, made, policy)
    causes = tuple(part for part in now if now[part] != stored.identity.get(part)) or ("engine",)
    return Drift(
        stored.workspace, stored.id, stored.baseline, stored.foreign, made.id, causes, _changed(saved, made),
        saved.conclusion.overall, made.conclusion.overall,
    )  # fmt: skip


def _lost(stored: Stored, obstacle: str) -> Drift:
    return Drift(
        stored.workspace, stored.id, stored.baseline, stored.foreign, None, (), (), stored.overall, None,
        obstacle,
    )  # fmt: skip


def _changed(saved: Comparison, made: Comparison) -> tuple[ChangedFinding, ...]:
    before = {finding.criterion: finding.verdict for finding in saved.findings}
    now = {finding.criterion: finding.verdict for finding in made.findings}
    return tuple(
        ChangedFinding(ref, before.get(ref), now.get(ref))
        for ref in {**before, **now}
        if before.get(ref) != now.get(ref)
    )
