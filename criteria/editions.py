"""Two editions of a program: which criterion became which, by reference and by text.

Whether one is stricter than the other is not asked here; the engine answers that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz, process

from criteria.model import Criterion

Kind = Literal["unchanged", "changed", "moved", "added", "vanished"]
# Likeness is from 0 to 100: the share of common words and letters, whatever the order of the words.
LIKE = 80  # from here on a text under another reference is the same criterion
CHANGED = 55  # and under the same reference; of 100 pairs of unrelated criteria one is as alike


@dataclass(frozen=True, slots=True)
class Match:
    """What became of a criterion: unchanged, changed (same reference), moved (like text), added, vanished."""

    kind: Kind
    old: str
    new: str
    likeness: int


def plain_text(text: str) -> str:
    """Return a text for comparison: one case, one form of each letter, no punctuation, single spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))


def same_text(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but case, spacing and punctuation."""
    return plain_text(one) == plain_text(other)


def match_editions(old: Sequence[Criterion], new: Sequence[Criterion]) -> list[Match]:
    """Return what became of every criterion: those of the old edition in its order, then what was added.

    Equal texts under the same reference are matched first, then the likest texts wherever they stand,
    for editions are renumbered, then what stands under the same reference and is still alike.
    """
    before = {criterion.ref: plain_text(criterion.statement) for criterion in old}
    after = {criterion.ref: plain_text(criterion.statement) for criterion in new}
    pairs = [(ref, ref, 100) for ref in before if before[ref] == after.get(ref)]
    pairs += _likest(*_rest(before, after, pairs))
    left, free = _rest(before, after, pairs)
    for ref in left:
        likeness = _likeness(fuzz.token_sort_ratio(left[ref], free.get(ref, "")), same=False)
        if likeness >= CHANGED:
            pairs.append((ref, ref, likeness))
    found = {source: _match(source, target, likeness) for source, target, likeness in pairs}
    added = _rest(before, after, pairs)[1]
    return [
        *(found.get(ref, Match("vanished", ref, "", 0)) for ref in before),
        *(Match("added", "", ref, 0) for ref in added),
    ]


def _match(old: str, new: str, likeness: int) -> Match:
    if old != new:
        return Match("moved", old, new, likeness)
    return Match("unchanged" if likeness == 100 else "changed", old, new, likeness)


def _likeness(score: float, *, same: bool) -> int:
    """Return a score as a whole number; 100 is kept for equal texts (words may only be in another order)."""
    return 100 if same else min(99, int(score))


def _rest(
    before: Mapping[str, str], after: Mapping[str, str], pairs: Iterable[tuple[str, str, int]]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the texts on both sides that no pair holds yet."""
    sources, targets = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    return (
        {ref: text for ref, text in before.items() if ref not in sources},
        {ref: text for ref, text in after.items() if ref not in targets},
    )


def _likest(old: Mapping[str, str], new: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """Return pairs of like texts, the likest first, each text once; of equals the same reference."""
    scored = sorted(
        (-score, ref != found, ref, found)
        for ref, text in old.items()
        for _, score, found in process.extract(
            text, new, scorer=fuzz.token_sort_ratio, limit=3, score_cutoff=LIKE
        )
    )
    pairs: list[tuple[str, str, int]] = []
    used: set[tuple[str, str]] = set()
    for score, _, ref, found in scored:
        if not {("old", ref), ("new", found)} & used:
            used |= {("old", ref), ("new", found)}
            pairs.append((ref, found, _likeness(-score, same=old[ref] == new[found])))
    return pairs
