"""Suggestions: which controls, or obligations of another edition, an obligation may answer.

A suggestion is a proposal with its reasons: score, words that matched, cautions, method and version.
It never counts until somebody has reviewed it. Offline and repeatable: the same texts, method and
version give the same answer in whatever order they come. The other sources are part of the input: a
target that many of them resemble is held back for each, so ask for an edition as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mappings.cautions import Caution, Tenor, cautions, tenor
from mappings.encoding import DISTRIBUTION, encoder
from mappings.fusing import falling
from mappings.matching import Likeness, Method, chosen_method, compare, version_of
from mappings.wording import Text, normalised

__all__ = ["Caution", "Ranking", "Suggestion", "Suggestions", "Text", "normalised", "rank", "suggest"]

DECIDED = "decided before"
# The words shown with a suggestion, the most telling first.
SHOWN_WORDS = 6
# (middle, step) of the logistic scale from likeness to score, by method. With them a score is about the
# share of suggestions of that score that were right on the development sets (docs/decisions/0030).
_SCALE: Mapping[Method, tuple[float, float]] = {
    "fused": (0.47, 0.07),
    "lexical": (0.45, 0.09),
    "encoder": (0.55, 0.08),
}
# Where even the best of the first five targets is less alike than this, nothing fits.
_ABSTAIN_BELOW: Mapping[Method, float] = {"fused": 0.2, "lexical": 0.12, "encoder": 0.2}
_LOOKED_AT = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A target proposed for a source; `score` is 0 to 1, `words` are the ones that matched ("a = b")."""

    target: str
    score: float
    words: tuple[str, ...]
    cautions: tuple[Caution, ...]
    method: str
    version: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The proposals for one source, the best first; or none, with the reason in `abstained`.

    `note` says so where the sentence encoder is missing and the lexical method served instead.
    """

    source: str
    ranked: tuple[Suggestion, ...]
    abstained: str
    method: str
    version: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """All targets for one source, the best first, and whether `suggest` would have abstained."""

    source: str
    targets: tuple[str, ...]
    abstained: bool


def rank(sources: Sequence[Text], targets: Sequence[Text], method: Method) -> list[Ranking]:
    """Return the whole ranking for each source, in the order of the sources (for evaluation)."""
    return _Round(sources, targets, method, method, {}).rankings()


def suggest(
    sources: Sequence[Text],
    targets: Sequence[Text],
    *,
    top: int = 5,
    decisions: Mapping[str, Sequence[str]] = MappingProxyType({}),
    method: str = "auto",
) -> list[Suggestions]:
    """Return up to `top` ranked targets for each source, in the order of the sources.

    `decisions` holds what was decided before, by source text: its targets come first, score 1; an empty
    decision says that nothing fits. `method` is auto, lexical, encoder or fused (matching.py). Raises
    ValueError for an unknown method, `top` below 1, or target ids that are not unique.
    """
    if top < 1:
        raise ValueError(f"top is {top}; it has to be at least 1.")
    ids = [t.id for t in targets]
    if len(set(ids)) != len(ids):
        twice = sorted({i for i in ids if ids.count(i) > 1})
        raise ValueError(f"Target ids have to be unique; more than once: {', '.join(twice[:5])}.")
    return _Round(sources, targets, chosen_method(method), method, decisions).answers(top)


class _Round:
    """One call of `suggest`. Sources and targets are sorted first, so that order changes nothing."""

    def __init__(
        self,
        sources: Sequence[Text],
        targets: Sequence[Text],
        method: Method,
        wanted: str,
        decisions: Mapping[str, Sequence[str]],
    ) -> None:
        self._order = sorted(
            range(len(sources)), key=lambda i: (sources[i].text, sources[i].heading, sources[i].id)
        )
        self._sources = [sources[i] for i in self._order]
        self._targets = sorted(targets, key=lambda t: t.id)
        self._column = {t.id: j for j, t in enumerate(self._targets)}
        self._method, self._version = method, version_of(method)
        self._decisions = {normalised(text): tuple(ids) for text, ids in decisions.items()}
        self._likeness: Likeness = compare(self._sources, self._targets, method)
        self._tenors = [tenor(t.text) for t in self._targets]
        missing = wanted == "auto" and encoder() is None
        self._note = (
            f"The sentence encoder ({DISTRIBUTION}) is not installed; the lexical method served. "
            "It finds less across languages."
            if missing
            else ""
        )

    def answers(self, top: int) -> list[Suggestions]:
        """Return the suggestions in the order in which the sources were given."""
        found = {place: self._answer(row, top) for row, place in enumerate(self._order)}
        return [found[place] for place in range(len(found))]

    def rankings(self) -> list[Ranking]:
        """Return the whole rankings in the order in which the sources were given."""
        found = {
            place: Ranking(
                self._sources[row].id,
                tuple(self._targets[j].id for j in self._first(row, len(self._targets))),
                bool(self._abstention(row, None)),
            )
            for row, place in enumerate(self._order)
        }
        return [found[place] for place in range(len(found))]

    def _answer(self, row: int, top: int) -> Suggestions:
        source = self._sources[row]
        own = tenor(source.text)
        decided = self._decisions.get(normalised(source.text))
        first = [self._decided(row, i, own) for i in dict.fromkeys(decided or ()) if i in self._column]
        reason = self._abstention(row, decided)
        rest = [] if reason else self._proposed(row, top, {s.target for s in first}, own)
        ranked = tuple([*first, *rest][:top])
        return Suggestions(
            source.id, ranked, "" if ranked else reason, self._method, self._version, self._note
        )

    def _abstention(self, row: int, decided: Sequence[str] | None) -> str:
        """Return why nothing is proposed by likeness, or "" where something is."""
        if decided is not None and not decided:
            return "It was decided before that nothing here answers this text."
        if not normalised(self._sources[row].text):
            return "The text is empty."
        if not self._targets:
            return "There is nothing to compare it with."
        best = float(self._likeness.sure[row, self._first(row, _LOOKED_AT)].max())
        floor = _ABSTAIN_BELOW[self._method]
        if best < floor:
            return f"Nothing is alike enough: the best likeness is {best:.2f}, below {floor:.2f}."
        return ""

    def _first(self, row: int, number: int) -> list[int]:
        """Return the columns of the first targets; ties go to the lower id."""
        order = np.argsort(-self._likeness.rank[row], kind="stable")
        return [int(j) for j in order[:number]]

    def _proposed(self, row: int, top: int, taken: set[str], own: Tenor) -> list[Suggestion]:
        columns = self._first(row, len(self._targets))
        scores = falling(self._likeness.sure[row, columns].tolist())
        free = [(j, s) for j, s in zip(columns, scores, strict=True) if self._targets[j].id not in taken]
        return [self._suggestion(row, j, own, self._scaled(s), self._method) for j, s in free[:top]]

    def _decided(self, row: int, target: str, own: Tenor) -> Suggestion:
        return self._suggestion(row, self._column[target], own, 1.0, DECIDED)

    def _suggestion(self, row: int, column: int, own: Tenor, score: float, method: str) -> Suggestion:
        return Suggestion(
            target=self._targets[column].id,
            score=score,
            words=self._likeness.alignment.pairs(row, column, SHOWN_WORDS),
            cautions=cautions(own, self._tenors[column]),
            method=method,
            version=self._version,
        )

    def _scaled(self, likeness: float) -> float:
        middle, step = _SCALE[self._method]
        return round(1 / (1 + math.exp((middle - likeness) / step)), 3)
