"""Two editions of a program: which criterion became which, by reference and by text.

Whether one is stricter than the other is not asked here; the engine answers that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz, process

from criteria.model import Criterion

Kind = Literal["unchanged", "changed", "moved", "added", "vanished"]
# Below this likeness (0 to 100, share of common words and word order) two texts are different criteria.
LIKE = 80


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
    """Return what became of every criterion: first by reference, then, among the rest, by text."""
    before = {criterion.ref: plain_text(criterion.statement) for criterion in old}
    after = {criterion.ref: plain_text(criterion.statement) for criterion in new}
    matches = []
    for ref in [ref for ref in before if ref in after]:
        likeness = round(fuzz.token_sort_ratio(before[ref], after[ref]))
        if before[ref] == after[ref]:
            matches.append(Match("unchanged", ref, ref, 100))
        elif likeness >= LIKE / 2:
            matches.append(Match("changed", ref, ref, likeness))
    done = {match.old for match in matches}
    rest_old = {ref: text for ref, text in before.items() if ref not in done}
    rest_new = {ref: text for ref, text in after.items() if ref not in done}
    matches += _by_text(rest_old, rest_new)
    return matches


def _by_text(old: dict[str, str], new: dict[str, str]) -> list[Match]:
    pairs = sorted(
        (-score, ref, found)
        for ref, text in old.items()
        for _, score, found in process.extract(
            text, new, scorer=fuzz.token_sort_ratio, limit=3, score_cutoff=LIKE
        )
    )
    matches, used_old, used_new = [], set(), set()
    for score, ref, found in pairs:
        if ref not in used_old and found not in used_new:
            matches.append(Match("moved", ref, found, round(-score)))
            used_old.add(ref)
            used_new.add(found)
    matches += [Match("vanished", ref, "", 0) for ref in old if ref not in used_old]
    matches += [Match("added", "", ref, 0) for ref in new if ref not in used_new]
    return matches
