"""Proposed maps: suggestions for obligations, from the catalogue or another edition. They never count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from criteria.model import Edition
from criteria.problems import UnknownName
from criteria.vocabulary import vocabulary
from mappings.library import Library
from mappings.model import COUNTING, Confidence, Map, NoControl
from mappings.relationships import Relationship
from mappings.suggesting import Suggestion, Suggestions, suggest
from mappings.wording import Text, normalised

PER_OBLIGATION = 3
SURE = 0.75  # score from which a proposal is called of medium confidence


def obligation_texts(edition: Edition) -> list[Text]:
    """Return the text of every obligation, with its criterion's where that says more."""
    texts = []
    for criterion in edition.criteria:
        for obligation in criterion.obligations:
            whole = obligation.text
            if len(criterion.obligations) == 1 and criterion.statement not in whole:
                whole = f"{obligation.text}. {criterion.statement}"
            texts.append(Text(f"{criterion.ref}.{obligation.id}", whole))
    return texts


def control_texts(library: Library) -> list[Text]:
    """Return the text of every control in force: category, name and definition."""
    names = vocabulary().categories
    return [
        Text(control.id, f"{control.name}. {control.definition.strip()} ({names[control.category].name})")
        for control in library.controls.values()
        if not control.replaced_by
    ]


def decisions_made(library: Library) -> Mapping[str, tuple[str, ...]]:
    """Return the controls that counting maps give to obligation texts, anywhere in the library."""
    decided: dict[str, list[str]] = {}
    for key, edition in sorted(library.editions.items()):
        maps = library.maps_of(key).maps
        for criterion in edition.criteria:
            for obligation in criterion.obligations:
                entry = maps.get(f"{criterion.ref}.{obligation.id}", ())
                if isinstance(entry, tuple):
                    known = decided.setdefault(normalised(obligation.text), [])
                    known += [m.control for m in entry if m.status in COUNTING and m.control not in known]
    return {text: tuple(controls) for text, controls in decided.items() if controls}


def suggestions_for(
    library: Library,
    edition: Edition,
    obligations: Sequence[str],
    target: str = "",
    top: int = 5,
    method: str = "auto",
) -> list[Suggestions]:
    """Return ranked controls, or obligations of the `target` edition, for obligations of an edition.

    Raises UnknownName for an obligation or target that does not exist.
    """
    texts = {text.id: text for text in obligation_texts(edition)}
    for name in obligations:
        if name not in texts:
            raise UnknownName(f"obligation of {edition.key}", name, texts)
    targets = obligation_texts(library.edition(target)) if target else control_texts(library)
    decisions = {} if target else decisions_made(library)
    return suggest(
        [texts[name] for name in obligations], targets, top=top, decisions=decisions, method=method
    )


def waiting(library: Library, edition: Edition) -> list[str]:
    """Return the obligations of an edition that have no counting map and no reason."""
    maps = library.maps_of(edition.key).maps
    return [text.id for text in obligation_texts(edition) if not _settled(maps.get(text.id, ()))]


def _settled(entry: tuple[Map, ...] | NoControl) -> bool:
    return isinstance(entry, NoControl) or any(one.status in COUNTING for one in entry)


def propose_maps(
    library: Library, edition: Edition, obligations: Sequence[str], top: int = PER_OBLIGATION
) -> dict[str, tuple[Map, ...] | NoControl]:
    """Return proposed maps for obligations of an edition; where nothing fits, an empty entry that waits."""
    found = suggestions_for(library, edition, obligations, top=top)
    return {one.source: tuple(_as_map(suggestion) for suggestion in one.ranked) for one in found}


def _as_map(suggestion: Suggestion) -> Map:
    words = f"; words in common: {', '.join(suggestion.words)}" if suggestion.words else ""
    cautions = "".join(f"; caution: {caution.message}" for caution in suggestion.cautions)
    confidence: Confidence = "medium" if suggestion.score >= SURE else "low"
    return Map(
        control=suggestion.target,
        relationship=Relationship.EQUAL,
        rationale=f"proposed by {suggestion.version}, score {suggestion.score:.2f}{words}{cautions}",
        confidence=confidence,
        status="proposed",
    )
