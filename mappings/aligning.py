"""Likeness by words: every word of one text looks for its answer in the other.

With an encoder two words answer each other as far as their vectors agree, in any two of its
languages ("precinto" and "seal"); without one, when their first letters are the same.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mappings.encoding import Encoder
from mappings.wording import bigrams, stem, words

Matrix = npt.NDArray[np.float64]

# Two words less alike than this are different words.
WORD_FLOOR = 0.3
# From here on a pair of different words is shown as a match.
SHOWN_FLOOR = 0.5
# Sources whose words are compared in one matrix product: fast, and memory does not grow with the batch.
_BLOCK = 64


@dataclass(frozen=True, slots=True)
class _Side:
    """The texts of one side as rows of its vocabulary; `shown` is each text's own form of its words."""

    vocabulary: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]
    shown: tuple[tuple[str, ...], ...]
    rarity: Matrix


def _keyed(texts: Sequence[str], encoder: Encoder | None) -> list[dict[str, str]]:
    """Return, for each text, its distinct words by the form they are compared in."""
    split = encoder.pieces if encoder else bigrams
    cut = [words(t, split) for t in texts]
    if encoder:
        return [{w: w for w in text} for text in cut]
    return [{stem(w): w for w in reversed(text)} for text in cut]


def _side(texts: Sequence[dict[str, str]], seen: Counter[str], number: int) -> _Side:
    vocabulary = tuple(sorted({w for text in texts for w in text}))
    place = {w: i for i, w in enumerate(vocabulary)}
    return _Side(
        vocabulary,
        tuple(tuple(place[w] for w in text) for text in texts),
        tuple(tuple(text.values()) for text in texts),
        np.array([math.log((1 + number) / (1 + seen[w])) + 1e-3 for w in vocabulary]),
    )


def _same_word(left: str, right: str) -> bool:
    """Return whether two words are forms of one another, so that showing one is enough."""
    return stem(left) == stem(right) or left.removesuffix("s") == right.removesuffix("s")


class WordAlignment:
    """The words of all sources and targets, and how far each answers each.

    A target is given as its views: the whole text first, then each of its sentences. It answers as
    well as the best of them does.
    """

    def __init__(
        self, sources: Sequence[str], targets: Sequence[Sequence[str]], encoder: Encoder | None
    ) -> None:
        self._starts = np.cumsum([0, *(len(views) for views in targets)])[:-1]
        flat = [view for views in targets for view in views]
        left, right = _keyed(sources, encoder), _keyed(flat, encoder)
        seen = Counter(w for text in (*left, *right) for w in text)
        number = len(left) + len(right)
        self._sources = _side(left, seen, number)
        self._targets = _side(right, seen, number)
        self._vectors = self._word_vectors(encoder) if encoder else None

    def _word_vectors(self, encoder: Encoder) -> tuple[Matrix, Matrix]:
        vocabulary = sorted({*self._sources.vocabulary, *self._targets.vocabulary})
        vectors = encoder.centred(vocabulary, words=True)
        place = {w: i for i, w in enumerate(vocabulary)}
        left = vectors[[place[w] for w in self._sources.vocabulary]]
        right = vectors[[place[w] for w in self._targets.vocabulary]]
        return left, right

    def _alike(self, rows: Sequence[int], columns: Sequence[int] | None = None) -> Matrix:
        """Return the likeness of some source words (rows) with some or all target words (columns)."""
        chosen = slice(None) if columns is None else list(columns)
        if self._vectors is None:
            left = np.array(self._sources.vocabulary)[list(rows)]
            right = np.array(self._targets.vocabulary)[chosen]
            same: Matrix = (left[:, None] == right[None, :]).astype(np.float64)
            return same
        alike: Matrix = self._vectors[0][list(rows)] @ self._vectors[1][chosen].T
        return np.where(alike > WORD_FLOOR, alike, 0.0)

    def likeness(self) -> Matrix:
        """Return how far the words of each source and target answer each other, 0 to 1.

        Every word takes its most alike word on the other side. The shares of both texts that are
        answered, weighted by how rare the words are, give the harmonic mean.
        """
        if not len(self._starts):
            return np.zeros((len(self._sources.rows), 0))
        best: Matrix = np.maximum.reduceat(self._by_view(), self._starts, axis=1)
        return best

    def _by_view(self) -> Matrix:
        targets = self._targets.rows
        out = np.zeros((len(self._sources.rows), len(targets)))
        filled = [j for j, row in enumerate(targets) if row]
        if not filled:
            return out
        flat = np.concatenate([np.array(targets[j]) for j in filled])
        starts = np.cumsum([0, *(len(targets[j]) for j in filled)])[:-1]
        weight = self._targets.rarity[flat]
        total = np.add.reduceat(weight, starts)
        for first in range(0, len(out), _BLOCK):
            block = self._sources.rows[first : first + _BLOCK]
            used = sorted({w for row in block for w in row})
            place = {w: i for i, w in enumerate(used)}
            alike = self._alike(used)
            for i, row in enumerate(block, start=first):
                if not row:
                    continue
                pairs = alike[[place[w] for w in row]][:, flat]
                own = self._sources.rarity[list(row)]
                asked = own @ np.maximum.reduceat(pairs, starts, axis=1) / own.sum()
                offered = np.add.reduceat(pairs.max(axis=0) * weight, starts) / total
                out[i, filled] = 2 * asked * offered / np.maximum(asked + offered, 1e-9)
        return out

    def pairs(self, source: int, target: int, limit: int) -> tuple[str, ...]:
        """Return the words that matched, the most telling first: "seal", or "precinto = seal"."""
        whole = int(self._starts[target])
        rows, columns = self._sources.rows[source], self._targets.rows[whole]
        if not rows or not columns:
            return ()
        alike = self._alike(rows, columns)
        rarity = self._sources.rarity[list(rows)]
        found: list[tuple[float, str]] = []
        for i, left in enumerate(self._sources.shown[source]):
            j = int(alike[i].argmax())
            right = self._targets.shown[whole][j]
            if alike[i, j] >= SHOWN_FLOOR and (left == right or not (left.isdigit() or right.isdigit())):
                text = left if _same_word(left, right) else f"{left} = {right}"
                found.append((-round(float(alike[i, j] * rarity[i]), 4), text))
        return tuple(text for _, text in sorted(found)[:limit])
