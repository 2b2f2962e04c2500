"""Maps laid out for review: one row for each obligation and control, and what a decision on it means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from criteria.model import Edition
from mappings.library import Library
from mappings.model import Map, NoControl
from mappings.reviewing import control_hash, obligation_hash

ACCEPT, REJECT, NONE_FITS = "accept", "reject", "no control"
DECISIONS = (ACCEPT, REJECT, NONE_FITS)


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One map of an obligation, or an obligation without any, as a reviewer sees it.

    The hashes are those of the texts shown; a decision made on other texts is refused.
    """

    edition: str
    obligation: str
    strength: str
    statement: str
    text: str
    original: str
    control: str
    control_name: str
    definition: str
    relationship: str
    confidence: str
    rationale: str
    status: str
    source_hash: str
    target_hash: str


def review_rows(library: Library, edition: Edition, only: Sequence[str] = ()) -> Iterator[ReviewRow]:
    """Yield every map of an edition in its order; `only` limits it to map states such as proposed, stale."""
    maps = library.maps_of(edition.key).maps
    for criterion in edition.criteria:
        for obligation in criterion.obligations:
            key = f"{criterion.ref}.{obligation.id}"
            shown = {
                "edition": edition.key,
                "obligation": key,
                "strength": obligation.strength or criterion.strength,
                "statement": criterion.statement.strip(),
                "text": obligation.text,
                "original": criterion.original,
                "source_hash": obligation_hash(criterion, obligation),
            }
            for row in _rows(library, shown, maps.get(key, ())):
                if not only or row.status in only:
                    yield row


def _rows(library: Library, shown: dict[str, str], entry: tuple[Map, ...] | NoControl) -> Iterator[ReviewRow]:
    if isinstance(entry, NoControl):
        yield _row(shown, rationale=entry.no_control, status=NONE_FITS)
        return
    if not entry:
        yield _row(shown, status="unmapped")
    for one in entry:
        control = library.controls[one.control]
        yield _row(
            shown,
            control=one.control,
            control_name=control.name,
            definition=control.definition.strip(),
            relationship=one.relationship.value,
            confidence=one.confidence,
            rationale=one.rationale,
            status=one.status,
            target_hash=control_hash(control),
        )


def _row(shown: dict[str, str], **more: str) -> ReviewRow:
    empty = dict.fromkeys(ReviewRow.__slots__, "")
    return ReviewRow(**{**empty, **shown, **more})
