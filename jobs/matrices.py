"""The matrix of a workspace's programs, compared with the rule engine's own process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from engine.comparison import Scope, compare
from engine.editions import NoEdition, pick_edition
from engine.matching import default_matcher
from engine.matrix import Cell, Matrix, cell_of
from engine.policy import Policy
from jobs.comparing import matrix_names
from jobs.workshop import Progress, silent
from mappings.library import Library


def matrix_of(
    library: Library,
    baseline: str,
    policy: Policy,
    as_of: date,
    progress: Progress = silent,
) -> Matrix:
    """Return the matrix of a baseline (a program, an edition, or `all`) against every program.

    Cells are remembered with the library, so that a matrix whose data has not changed is made once.
    A program without an edition has no row. Raises UnknownName, MatcherError.
    """
    baselines, foreigns = matrix_names(library, baseline)
    left = [found for name in baselines if (found := _edition(library, name, as_of))]
    right = [found for name in foreigns if (found := _edition(library, name, as_of))]
    owner = {key: library.editions[key].program for key in (*left, *right)}
    pairs = [(b, f) for b in left for f in right if owner[b] != owner[f]]
    cells = []
    for number, (one, other) in enumerate(pairs, start=1):
        key = ("matrix cell", one, other, policy.digest, as_of)
        cells.append(library.remember(key, _maker(library, one, other, policy, as_of), as_of))
        progress(f"{other} against {one}", number, len(pairs))
    return Matrix(as_of, tuple(left), tuple(right), tuple(cells))


def _edition(library: Library, name: str, as_of: date) -> str:
    try:
        return pick_edition(library, name, as_of)[0].key
    except NoEdition:
        return ""


def _maker(library: Library, one: str, other: str, policy: Policy, as_of: date) -> Callable[[], Cell]:
    def made() -> Cell:
        left, right = library.editions[one], library.editions[other]
        return cell_of(compare(library, left, right, policy, default_matcher(), as_of, Scope()))

    return made
