"""Decisions on maps in a store: one at a time with its revision, or a whole returned workbook."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from criteria.problems import MraError, UnknownName
from jobs.proposing import propose_maps, waiting
from jobs.reviewing import ReviewPlan, export_review, plan_review
from jobs.workshop import Actor, Progress, Workshop, silent
from mappings.library import Library
from mappings.model import Confidence, Map
from mappings.relationships import Relationship
from mappings.review_rows import ReviewRow, review_rows
from mappings.reviewing import Decision, Review, control_hash, now_utc, text_hashes
from store import files, reviews

MapKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A decision as somebody asks for it; what is left out stays as the map has it."""

    edition: str
    obligation: str
    control: str
    decision: Decision
    relationship: Relationship | None = None
    rationale: str = ""
    confidence: Confidence | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class RowWithRevision:
    """A map as a reviewer sees it, and how often it was decided: the ETag a decision has to name."""

    row: ReviewRow
    revision: int


def rows_with_revisions(
    workshop: Workshop, workspace: str, edition: str, only: Sequence[str] = ()
) -> list[RowWithRevision]:
    """Return the maps of an edition in its order; raise UnknownName."""
    library = workshop.library(workspace)
    rows = list(review_rows(library, library.edition(edition), only))
    with workshop.store.reading() as session:
        found = reviews.revisions(session, workspace, [_key(row) for row in rows])
    return [RowWithRevision(row, found[_key(row)]) for row in rows]


def _key(row: ReviewRow) -> MapKey:
    return (row.edition, row.obligation, row.control)


def decide(workshop: Workshop, actor: Actor, wanted: Wanted, revision: int) -> tuple[Review, int]:
    """Record a decision; return it and the map's new revision.

    Raises UnknownName, MraError for a decision without what it needs, VersionConflict where somebody
    decided since `revision` was read.
    """
    library = workshop.library(actor.workspace)
    review = _review(library, wanted, actor.who)
    key = (review.edition, review.obligation, review.control)

    def write(session: Any) -> int:
        files.decide(session, actor.workspace, [review], actor.who, revisions={key: revision})
        actor.record(
            session, "review.decided", "map", f"{review.edition} {review.obligation}"[:200],
            decision=review.decision, control=review.control,
        )  # fmt: skip
        return reviews.revision(session, actor.workspace, *key)

    return review, workshop.store.run(write)


def _review(library: Library, wanted: Wanted, who: str) -> Review:
    edition = library.edition(wanted.edition)
    hashes = text_hashes(edition)
    if wanted.obligation not in hashes:
        raise UnknownName(f"obligation of {edition.key}", wanted.obligation, hashes)
    if wanted.control and wanted.control not in library.controls:
        raise UnknownName("control", wanted.control, library.controls)
    present = _present(library, edition.key, wanted)
    relationship = wanted.relationship or (present.relationship if present else None)
    rationale = wanted.rationale.strip() or (present.rationale if present else "")
    if wanted.decision == "rejected":
        rationale = rationale or wanted.why.strip() or "rejected"
    if wanted.control and relationship is None:
        raise MraError("There is no such map yet: say which relationship the obligation has to the control.")
    if not rationale:
        raise MraError("Say why in `rationale`: a decision without a reason cannot be defended.")
    return Review(
        edition=edition.key,
        obligation=wanted.obligation,
        control=wanted.control,
        decision=wanted.decision,
        relationship=relationship if wanted.control else None,
        rationale=rationale,
        confidence=wanted.confidence or (present.confidence if present else "medium"),
        by=who,
        at=now_utc(),
        why=wanted.why,
        method="service",
        source_hash=hashes[wanted.obligation],
        target_hash=control_hash(library.controls[wanted.control]) if wanted.control else "",
    )


def _present(library: Library, edition: str, wanted: Wanted) -> Map | None:
    entry = library.maps_of(edition).maps.get(wanted.obligation, ())
    if not isinstance(entry, tuple):
        return None
    return next((one for one in entry if one.control == wanted.control), None)


def review_workbook(
    workshop: Workshop, workspace: str, edition: str, only: Sequence[str] = ()
) -> tuple[str, bytes]:
    """Return the name and bytes of the workbook in which an edition's maps are reviewed."""
    library = workshop.library(workspace)
    chosen = library.edition(edition)
    with tempfile.TemporaryDirectory(prefix="mra-") as place:
        path = Path(place) / "review.xlsx"
        export_review(library, chosen, path, only)
        return f"{chosen.key}-review.xlsx", path.read_bytes()


def plan_workbook(workshop: Workshop, actor: Actor, data: bytes, name: str) -> ReviewPlan:
    """Return what a returned review workbook decides; nothing is written."""
    return plan_review(workshop.library(actor.workspace), data, name, actor.who)


def apply_workbook(workshop: Workshop, actor: Actor, plan: ReviewPlan, *, partly: bool = False) -> bool:
    """Record the decisions of a returned workbook; return whether there were any.

    Raises MraError where something cannot be applied and `partly` was not asked for.
    """
    if plan.refused and not partly:
        raise MraError("Nothing was applied: some rows cannot be. Correct them, or ask to apply the rest.")
    if not plan.reviews:
        return False

    def write(session: Any) -> None:
        files.decide(session, actor.workspace, plan.reviews, actor.who)
        actor.record(session, "review.workbook", "workspace", actor.workspace, decisions=len(plan.reviews))

    workshop.store.run(write)
    return True


def propose_waiting(
    workshop: Workshop, actor: Actor, edition: str, progress: Progress = silent, batch: int = 50
) -> int:
    """Record a proposal for every obligation of an edition that waits for one; return how many maps."""
    library = workshop.library(actor.workspace)
    chosen = library.edition(edition)
    maps = library.maps_of(chosen.key).maps
    names = [name for name in waiting(library, chosen) if maps.get(name, ()) == ()]
    hashes = text_hashes(chosen)
    found: list[Review] = []
    for start in range(0, len(names), batch):
        progress(f"suggesting for {chosen.key}", start, len(names))
        proposed = propose_maps(library, chosen, names[start : start + batch])
        for name, entry in proposed.items():
            if isinstance(entry, tuple):
                found += [_proposal(library, chosen.key, name, hashes[name], one) for one in entry]
    progress(f"suggesting for {chosen.key}", len(names), len(names))
    if found:
        workshop.store.run(lambda session: _record_proposals(session, actor, chosen.key, found))
    return len(found)


def _record_proposals(session: Any, actor: Actor, edition: str, found: Sequence[Review]) -> None:
    what = f"{len(found)} proposals for {edition}"
    files.decide(session, actor.workspace, found, actor.who, what)
    actor.record(session, "suggestions.recorded", "edition", edition, proposals=len(found))
    actor.outcome(session, {"edition": edition, "proposals": len(found)})


def _proposal(library: Library, edition: str, obligation: str, source: str, one: Map) -> Review:
    return Review(
        edition=edition,
        obligation=obligation,
        control=one.control,
        decision="proposed",
        relationship=one.relationship,
        rationale=one.rationale,
        confidence=one.confidence,
        by="suggestions",
        at=now_utc(),
        method="suggestions",
        source_hash=source,
        target_hash=control_hash(library.controls[one.control]),
    )
