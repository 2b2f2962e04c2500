"""What likeness does not see: a duty against a ban, a duty against advice, other figures.

To a sentence encoder "must be locked" and "need not be locked" are nearly the same text. So strength,
negation and numbers are read by rule, from the word lists in `languages`, and put beside a suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from mappings.languages import either, folded, quantities, strength_words

Code = Literal["opposite_duty", "strength_differs", "numbers_differ"]

_STANDARD = re.compile(r"\b(?:iso|iec|pas|nist|ispm)[ /:-]*(\d[\d.:-]*)")
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:%|percent\b)")
_COUNT = re.compile(r"(?<![\w.,])(\d{1,4})(?![\w.,]*\d)")
# Any of these denies what "must" asks for.
_DENIES = frozenset({"must not", "not required"})
_ASKS = frozenset({"must", "should"})


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to look at before a suggestion is accepted."""

    code: Code
    message: str


@dataclass(frozen=True, slots=True)
class Tenor:
    """What a text says by rule: the one strength it has ("" if none or several), and its quantities."""

    strength: str
    quantities: Mapping[str, frozenset[str]]


@lru_cache(maxsize=4096)
def tenor(text: str) -> Tenor:
    """Return the strength and the quantities a text states."""
    plain = folded(text)
    return Tenor(_strength(plain), _quantities(plain))


def _strength(plain: str) -> str:
    found = []
    for kind, pattern in strength_words():
        if pattern.search(plain):
            found.append(kind)
            plain = pattern.sub(" ", plain)  # "must not" is not also a "must"
    return found[0] if len(found) == 1 else ""


@cache
def _periods() -> tuple[tuple[re.Pattern[str], float, bool], ...]:
    """Return the patterns of periods, their hours, and whether a figure stands before the unit."""
    units = [(u["hours"], either(u["words"], whole=True)) for u in quantities()["units"]]
    fixed = [(e["hours"], either(e["words"], whole=True)) for e in quantities()["every"]]
    return (
        *((pattern, float(hours), False) for hours, pattern in fixed),
        *((re.compile(rf"(\d{{1,3}})[\s-]*(?:{p.pattern})"), float(hours), True) for hours, p in units),
    )


@cache
def _number_words() -> re.Pattern[str]:
    return either(list(quantities()["numbers"]), whole=True)


def _quantities(plain: str) -> dict[str, frozenset[str]]:
    numbers = quantities()["numbers"]
    plain = _number_words().sub(lambda m: str(numbers[m[0]]), plain)
    found: dict[str, set[str]] = {"standard": set(), "share": set(), "period": set(), "number": set()}
    has_figure = any(c.isdigit() for c in plain)
    found["standard"].update(m[1].rstrip(".:-") for m in _STANDARD.finditer(plain))
    found["share"].update(f"{m[1]} %" for m in _PERCENT.finditer(plain))
    plain = _PERCENT.sub(" ", _STANDARD.sub(" ", plain))
    for pattern, hours, counted in _periods():
        if counted and not has_figure:
            break  # the patterns with a figure come last
        found["period"].update(
            _period(hours * int(m[1]) if counted else hours) for m in pattern.finditer(plain)
        )
        plain = pattern.sub(" ", plain)
    # "One" is more often a pronoun than a figure.
    found["number"].update(m[1].lstrip("0") or "0" for m in _COUNT.finditer(plain))
    found["number"].discard("1")
    return {kind: frozenset(values) for kind, values in found.items() if values}


def _period(hours: float) -> str:
    """Return a period in the unit people use; 12 months and 1 year give the same text."""
    for unit, size in (("year", 8760), ("month", 730), ("day", 24)):
        number = hours / size
        if number >= 1 and abs(number - round(number)) < 0.02:
            return f"{round(number)} {unit}{'s' if round(number) != 1 else ''}"
    return f"{hours:g} hours"


def stance(said: Tenor) -> int:
    """Return 1 where a text asks for something, -1 where it denies or waives it, 0 where it does neither."""
    return (said.strength in _ASKS) - (said.strength in _DENIES)


def cautions(source: Tenor, target: Tenor) -> tuple[Caution, ...]:
    """Return what to look at before the source is mapped to the target."""
    found: list[Caution] = []
    if stance(source) * stance(target) < 0:
        message = f'One denies what the other asks: source "{source.strength}", target "{target.strength}".'
        found.append(Caution("opposite_duty", message))
    elif source.strength and target.strength and source.strength != target.strength:
        message = f'Strength differs: source "{source.strength}", target "{target.strength}".'
        found.append(Caution("strength_differs", message))
    for kind in sorted(source.quantities.keys() & target.quantities.keys()):
        left, right = source.quantities[kind], target.quantities[kind]
        if not left & right:
            message = f"The {kind} differs: source {_listed(left)}, target {_listed(right)}."
            found.append(Caution("numbers_differ", message))
    return tuple(found)


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))
