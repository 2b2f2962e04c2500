"""The clauses of a criterion: its text split at the bullets, each with the parameters it states."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from criteria.model import Obligation, Strength
from criteria.normalising import Proposed, parameters_in, strength_in_text
from workbooks.bullets import SplitText, split_bullets
from workbooks.raw_criteria import RawCriterion

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SENTENCE_END = (".", "。", "．")
_LEADS_ON = re.compile(r"(?i)follow|siguiente|seguinte|suivant|以下|次の|下列|下記|다음|التالي|الآتي")
"""Words by which a sentence only opens the list below it."""


def obligations_of(raw: RawCriterion, strength: Strength) -> Iterator[Obligation]:
    """Yield the obligations of a row: the clauses of the translation where there is one, else of the text.

    Where the row has no strength cell, a clause whose own words differ from the row's `strength` keeps them.
    """
    text = raw.translation or raw.requirement
    found = clauses(split_bullets(text))
    originals = _originals(raw, len(found))
    for number, clause in enumerate(found):
        read = parameters_in(f"{clause.text}\n{raw.parameters_text if number == 0 else ''}")
        read = _with_original(read, parameters_in(originals[number]))
        own = None if raw.strength_text.strip() or len(found) == 1 else strength_in_text(clause.own)
        if own is not None and own.value != strength:
            read = [*read, own]
        else:
            own = None
        parameters: dict[str, Any] = {one.field: one.value for one in read if one is not own}
        yield Obligation(
            id=_letter(number),
            text=clause.text,
            strength=own.value if own else None,
            parameters=parameters,
            proposed=tuple(f"{one.field}: {one.words}" for one in read),
        )


def _originals(raw: RawCriterion, count: int) -> tuple[str, ...]:
    """Return for each clause of a translation the clause it was made from, "" where that is not plain."""
    if not raw.translation:
        return ("",) * count
    if count == 1:
        return (raw.requirement,)
    found = clauses(split_bullets(raw.requirement))
    return tuple(clause.text for clause in found) if len(found) == count else ("",) * count


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause to be understood alone; `own` is it without the lead that it shares with others."""

    text: str
    own: str


def clauses(split: SplitText) -> tuple[Clause, ...]:
    """Return a text's clauses. A lead that is a requirement itself is one; others open each bullet."""
    lead = split.lead.strip()
    bullets = tuple(Clause(bullet, bullet) for bullet in split.bullets)
    if not bullets:
        return (Clause(lead, lead),)
    if not lead:
        return bullets
    if lead.endswith(_SENTENCE_END) and not _LEADS_ON.search(lead[-40:]) and strength_in_text(lead):
        return (Clause(lead, lead), *bullets)
    wide = any(ord(char) > 0x2E7F for char in lead)
    opening = lead.rstrip(" .。．:：;；")
    return tuple(Clause(f"{opening}{'：' if wide else ': '}{bullet}", bullet) for bullet in split.bullets)


def _letter(number: int) -> str:
    """Return a … z, then aa, ab …, so that ids stay in order and are never used twice."""
    if number < len(LETTERS):
        return LETTERS[number]
    first, second = divmod(number - len(LETTERS), len(LETTERS))
    return LETTERS[first] + LETTERS[second]


def _with_original(found: Sequence[Proposed], original: Sequence[Proposed]) -> list[Proposed]:
    """Add what only the original states: a translation may leave a figure out."""
    stated = {one.field for one in found}
    return sorted([*found, *(one for one in original if one.field not in stated)], key=lambda one: one.field)
