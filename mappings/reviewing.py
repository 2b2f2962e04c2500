"""Who decided a map, when and why: an append-only record, and what follows from it.

A review names the map (edition, obligation, control), the decision, and the hashes of both texts it
was made on. When one of the texts changes, the decision turns stale and the map stops counting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from criteria.model import Criterion, Edition, Frozen, Obligation
from mappings.loading import MapSet
from mappings.model import Confidence, Control, Joint, Map, NoControl
from mappings.relationships import Relationship

Decision = Literal["proposed", "approved", "rejected"]
NO_CONTROL = ""
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def _as_moment(value: Any) -> Any:
    """YAML reads an unquoted moment as such; it is kept as text."""
    return value.strftime(MOMENT) if isinstance(value, datetime) else value


class Review(Frozen):
    """One decision on one map. `control` is empty where the decision is that no control fits.

    `at` is UTC in ISO form. `source_hash` and `target_hash` are those of the obligation's and the
    control's text at the time; a decision on other texts is stale.
    """

    edition: str
    obligation: str
    control: str = NO_CONTROL
    decision: Decision
    relationship: Relationship | None = None
    rationale: str = Field(min_length=1)
    confidence: Confidence = "medium"
    by: str = Field(min_length=1)
    at: Annotated[str, BeforeValidator(_as_moment)]
    why: str = ""
    method: str = ""
    source_hash: str
    target_hash: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Review:
        if self.control and self.relationship is None:
            raise ValueError("a review of a map needs its relationship; add it")
        return self


def now_utc() -> str:
    """Return the present moment in UTC, to the second, in ISO form."""
    return datetime.now(UTC).strftime(MOMENT)


def obligation_hash(criterion: Criterion, obligation: Obligation) -> str:
    """Return the hash of what a reviewer reads of an obligation: its text and its criterion's statement."""
    return _hash(criterion.statement, obligation.text)


def control_hash(control: Control) -> str:
    """Return the hash of what a reviewer reads of a control: its name and definition."""
    return _hash(control.name, control.definition)


def _hash(*texts: str) -> str:
    return hashlib.sha256("\x1f".join(" ".join(text.split()) for text in texts).encode()).hexdigest()[:16]


def text_hashes(edition: Edition) -> dict[str, str]:
    """Return the text hash of every obligation of an edition, by obligation id."""
    return {f"{c.ref}.{o.id}": obligation_hash(c, o) for c in edition.criteria for o in c.obligations}


def latest(reviews: Iterable[Review]) -> dict[tuple[str, str, str], Review]:
    """Return the last decision on each map; order of the record decides."""
    return {(review.edition, review.obligation, review.control): review for review in reviews}


def reviewed_maps(
    maps: MapSet,
    edition: Edition,
    controls: Mapping[str, Control],
    reviews: Sequence[Review],
    *,
    require_approval: bool = False,
) -> MapSet:
    """Return an edition's maps as they stand after all reviews.

    Approved maps count, rejected ones do not, decisions on changed texts are stale. With
    `require_approval` a library map that nobody here approved is only proposed, and so is a joint
    group until the maps of all its members are approved.
    """
    hashes, last = text_hashes(edition), latest(r for r in reviews if r.edition == edition.key)
    by_obligation: dict[str, list[Review]] = {}
    for review in last.values():
        by_obligation.setdefault(review.obligation, []).append(review)
    result: dict[str, tuple[Map, ...] | NoControl] = {}
    for obligation in dict.fromkeys((*maps.maps, *by_obligation)):
        if obligation in hashes:
            decided = by_obligation.get(obligation, [])
            result[obligation] = _decided(
                maps.maps.get(obligation, ()), decided, hashes[obligation], controls, require_approval
            )
    jointly = tuple(_joint(joint, result) for joint in maps.jointly) if require_approval else maps.jointly
    return MapSet(maps.edition, result, jointly, maps.methods)


def _joint(joint: Joint, maps: Mapping[str, tuple[Map, ...] | NoControl]) -> Joint:
    if joint.status != "library":
        return joint
    entries = [maps.get(member, ()) for member in joint.members]
    live = [one for entry in entries if isinstance(entry, tuple) for one in entry if one.status != "rejected"]
    approved = () not in entries and all(one.status == "approved" for one in live)
    return joint.model_copy(update={"status": "approved" if approved else "proposed"})


def _decided(
    entry: tuple[Map, ...] | NoControl,
    decided: Sequence[Review],
    source: str,
    controls: Mapping[str, Control],
    strict: bool,
) -> tuple[Map, ...] | NoControl:
    found: dict[str, Map] = {}
    if isinstance(entry, tuple):
        found = {one.control: _unreviewed(one, strict) for one in entry}
    for review in decided:
        if review.control in controls:
            found[review.control] = _as_map(review, source, controls[review.control])
    live = [one for one in found.values() if one.status != "rejected"]
    refused = next(
        (r for r in decided if not r.control and r.decision == "approved" and r.source_hash == source), None
    )
    if refused and not live:
        return NoControl(no_control=refused.rationale)
    return tuple(found.values()) if found else entry


def _unreviewed(one: Map, strict: bool) -> Map:
    return one.model_copy(update={"status": "proposed"}) if strict and one.status == "library" else one


def _as_map(review: Review, source: str, control: Control) -> Map:
    fresh = review.source_hash == source and review.target_hash == control_hash(control)
    status = review.decision if fresh or review.decision != "approved" else "stale"
    return Map(
        control=review.control,
        relationship=review.relationship or Relationship.INTERSECTS,
        rationale=review.rationale,
        confidence=review.confidence,
        status=status,
    )


def stale_reviews(
    reviews: Iterable[Review], editions: Mapping[str, Edition], controls: Mapping[str, Control]
) -> Iterator[Review]:
    """Yield the last decisions that were made on texts that have changed or gone since."""
    hashes = {key: text_hashes(edition) for key, edition in editions.items()}
    for review in latest(reviews).values():
        source = hashes.get(review.edition, {}).get(review.obligation)
        target = control_hash(controls[review.control]) if review.control in controls else ""
        if source != review.source_hash or (review.control and target != review.target_hash):
            yield review
