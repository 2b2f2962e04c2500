"""Likeness by letters: character 3-5-gram TF-IDF, the part of the suggestions that needs no model.

Written out rather than taken from scikit-learn, which costs 1.2 s and 90 MB at start for this one
use (docs/decisions/0030).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

import numpy as np
import numpy.typing as npt

from mappings.languages import folded

Matrix = npt.NDArray[np.float64]

_WORD = re.compile(r"[^\W_]+")
_DENSE_SCRIPT = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


@lru_cache(maxsize=32768)
def _word_grams(word: str) -> tuple[str, ...]:
    sizes = (1, 2, 3) if _DENSE_SCRIPT.search(word) else (3, 4, 5)
    padded = word if sizes[0] == 1 else f" {word} "
    return tuple(padded[i : i + size] for size in sizes for i in range(max(len(padded) - size + 1, 1)))


def grams(text: str) -> Counter[str]:
    """Count the character n-grams inside the words: 3-5 letters, 1-3 signs where a sign is a syllable."""
    found = (_word_grams(word) for word in _WORD.findall(folded(text)))
    return Counter(chain.from_iterable(found))


class LetterIndex:
    """The targets, ready to be compared by letters. Rare grams weigh more, by the targets alone."""

    def __init__(self, targets: Sequence[str]) -> None:
        self._size = len(targets)
        counted = [grams(t) for t in targets]
        seen = Counter(g for counts in counted for g in counts)
        self._rarity = {g: math.log((1 + self._size) / (1 + n)) + 1.0 for g, n in seen.items()}
        postings: dict[str, tuple[list[int], list[float]]] = defaultdict(lambda: ([], []))
        for column, counts in enumerate(counted):
            for gram, weight in self._weigh(counts).items():
                postings[gram][0].append(column)
                postings[gram][1].append(weight)
        self._postings = {g: (np.array(c), np.array(w)) for g, (c, w) in postings.items()}

    def _weigh(self, counts: Counter[str]) -> dict[str, float]:
        unknown = math.log(1 + self._size) + 1.0
        raw = {g: (1 + math.log(n)) * self._rarity.get(g, unknown) for g, n in sorted(counts.items())}
        length = math.sqrt(math.fsum(w * w for w in raw.values())) or 1.0
        return {g: w / length for g, w in raw.items()}

    def likeness(self, sources: Sequence[str]) -> Matrix:
        """Return the cosine of every source (rows) with every target (columns), 0 to 1."""
        rows = np.zeros((len(sources), self._size))
        for row, text in zip(rows, sources, strict=True):
            known = [(g, w) for g, w in self._weigh(grams(text)).items() if g in self._postings]
            if known:
                columns = np.concatenate([self._postings[g][0] for g, _ in known])
                weights = np.concatenate([self._postings[g][1] * w for g, w in known])
                row += np.bincount(columns, weights, self._size)
        return rows
