"""Values on dimensions: how a written parameter ("12 months") becomes a comparable value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from criteria.model import Obligation
from criteria.problems import Problem, nearest_hint
from criteria.vocabulary import Dimension, vocabulary

VAGUE = "vague"
OTHER = "other"

# Months are counted as a twelfth of 365 days, so that 12 months and 1 year are equal.
_HOURS = {
    "minute": 1 / 60,
    "hour": 1,
    "day": 24,
    "week": 168,
    "month": 365 * 24 / 12,
    "quarter": 365 * 6,
    "year": 8760,
}
_AMOUNT = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(business\s+)?([a-z]+?)?s?\s*$", re.IGNORECASE)


class ValueProblem(ValueError):
    """A written parameter that does not fit its dimension; the text says what fits."""


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter's value: a figure (in the dimension's unit), items of a set, or neither (vague).

    Ranks are figures counted from 0, the weakest; flags are figures 0 and 1. `other` is a named
    standard outside the dimension's scale. `anchor` is the event a duration is counted from.
    `words` is the value as written, for people.
    """

    words: str
    figure: int | None = None
    items: frozenset[str] | None = None
    other: bool = False
    anchor: str = ""

    @property
    def vague(self) -> bool:
        """Whether the text speaks of the dimension without a figure, rank or list."""
        return self.figure is None and self.items is None and not self.other


def parse_value(dimension: Dimension, raw: Any) -> Value:
    """Return the value that `raw` (from YAML) has on a dimension; raise ValueProblem where it has none."""
    anchor = ""
    if isinstance(raw, dict):
        unknown = set(raw) - {"value", "from"}
        if unknown or "value" not in raw:
            raise ValueProblem("Write a plain value, or {value: …, from: the event it is counted from}.")
        raw, anchor = raw["value"], str(raw.get("from", ""))
    if raw == VAGUE:
        return Value("not specified", anchor=anchor)
    if raw == OTHER and dimension.kind == "rank":
        return Value("another standard", other=True)
    parsed = _PARSERS[dimension.kind](dimension, raw)
    return Value(parsed.words, parsed.figure, parsed.items, parsed.other, anchor)


def _figure(dimension: Dimension, raw: Any) -> Value:
    match = _AMOUNT.match(str(raw)) if not isinstance(raw, bool) else None
    if not match:
        raise ValueProblem(f"Write a number of {dimension.unit}, or {VAGUE}.")
    amount, word = float(match[1]), (match[3] or "").lower()
    if dimension.unit not in ("days", "hours"):
        if word and not dimension.unit.startswith(word):
            raise ValueProblem(f"Write a number of {dimension.unit}, or {VAGUE}.")
        return Value(f"{amount:g}{'%' if dimension.unit == 'percent' else ''}", round(amount))
    if word not in _HOURS:
        raise ValueProblem('Write a time with its unit, such as "12 months", "14 days" or "24 hours".')
    hours = amount * _HOURS[word]
    return Value(str(raw).strip(), round(hours / 24 if dimension.unit == "days" else hours))


def _rank(dimension: Dimension, raw: Any) -> Value:
    if raw not in dimension.values:
        raise ValueProblem(nearest_hint(str(raw), dimension.values))
    return Value(str(raw).replace("_", " "), dimension.values.index(raw))


def _flag(dimension: Dimension, raw: Any) -> Value:
    if not isinstance(raw, bool):
        raise ValueProblem("Write true or false.")
    return Value("yes" if raw else "no", int(raw))


def _set(dimension: Dimension, raw: Any) -> Value:
    items = [raw] if isinstance(raw, str) else raw
    if not isinstance(items, list | tuple) or not items:
        raise ValueProblem("Write a list of items.")
    for item in items:
        if item not in dimension.items:
            raise ValueProblem(
                f'"{item}" is not an item of {dimension.key}. {nearest_hint(str(item), dimension.items)}'
            )
    return Value(", ".join(item.replace("_", " ") for item in items), items=frozenset(items))


_PARSERS = {"figure": _figure, "rank": _rank, "flag": _flag, "set": _set}


def parameter_problems(parameters: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with written parameters; `key` is the dimension."""
    problems = []
    known = vocabulary().dimensions
    for key, raw in parameters.items():
        if key not in known:
            hint = nearest_hint(key, known)
            problems.append(
                Problem("unknown-dimension", f'"{key}" is not a dimension.', hint, key=key, value=key)
            )
            continue
        try:
            parse_value(known[key], raw)
        except ValueProblem as error:
            message = f'"{raw}" is not a value of {key}.'
            problems.append(Problem("bad-parameter", message, str(error), key=key, value=str(raw)))
    return problems


@lru_cache(maxsize=65536)
def _cached(dimension: str, raw: str | bool | int) -> Value:
    return parse_value(vocabulary().dimensions[dimension], raw)


def values_of(obligation: Obligation) -> dict[str, Value]:
    """Return an obligation's parameters as values, in the order of the dimensions' keys."""
    known = vocabulary().dimensions
    return {
        key: _cached(key, raw) if isinstance(raw, str | bool) else parse_value(known[key], raw)
        for key, raw in sorted(obligation.parameters.items())
    }
