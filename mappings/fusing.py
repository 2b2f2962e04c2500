"""How several likenesses become one ranking: popular targets held back, scales joined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

# How many of its best sources tell how popular a target is.
NEIGHBOURS = 5
# With this many sources popularity is held back half as much as with very many: a few sources may well
# all ask for the same thing.
PRIOR_SOURCES = 50
# A row whose best likeness is below this says little; its part in the sum shrinks with it.
TRUSTED = 0.2
# Likenesses are compared to this many digits, so that the last bits of a sum never decide.
DIGITS = 6


def standing_out(likeness: Matrix) -> Matrix:
    """Return each row as standard scores, after popular targets are held back.

    A target that is near to many sources is a poor answer for each (a "hub"); up to half the mean likeness
    to its best `NEIGHBOURS` sources is taken off. A row in which nothing is alike stays near 0.
    """
    if not likeness.size:
        return likeness
    likeness = likeness.round(DIGITS)
    best = np.sort(likeness, axis=0)[-NEIGHBOURS:]
    share = len(likeness) / (len(likeness) + PRIOR_SOURCES) / 2
    held: Matrix = likeness - share * best.mean(axis=0)
    spread = held.std(axis=1, keepdims=True)
    scores = (held - held.mean(axis=1, keepdims=True)) / np.maximum(spread, 10.0**-DIGITS)
    trust = np.clip(likeness.max(axis=1, keepdims=True) / TRUSTED, 0.0, 1.0)
    trusted: Matrix = scores * trust
    return trusted.round(DIGITS)


def fused(likenesses: Sequence[Matrix]) -> Matrix:
    """Return the sum of the standing-out scores of several likenesses."""
    total: Matrix = np.sum([standing_out(m) for m in likenesses], axis=0)
    return total.round(DIGITS)


def falling(values: Sequence[float]) -> list[float]:
    """Return the nearest values that never rise (pool adjacent violators): a score follows the ranking."""
    pools: list[tuple[float, int]] = []
    for value in values:
        total, size = value, 1
        while pools and pools[-1][0] / pools[-1][1] < total / size:
            total, size = total + pools[-1][0], size + pools[-1][1]
            pools.pop()
        pools.append((total, size))
    return [total / size for total, size in pools for _ in range(size)]
