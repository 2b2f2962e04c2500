"""What counts of the values a foreign clause states, alone or as a member of a joint group (VERDICTS V2).

A figure or list that is only an illustration counts as a vague word. Members of a group add up their
lists; where two state a figure, the looser one holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from criteria.dimensions import Value
from criteria.vocabulary import vocabulary
from engine.clauses import Clause

UNSPECIFIED = Value("not specified")


def claims_of(clauses: Sequence[Clause], *, verified_only: bool = False) -> Mapping[str, Value]:
    """Return what clauses state together; with `verified_only` without what was not verified."""
    stated = [_claims(clause, verified_only=verified_only) for clause in clauses]
    if len(stated) == 1:
        return stated[0]
    keys = sorted({key for values in stated for key in values})
    return {key: _together(key, [values[key] for values in stated if key in values]) for key in keys}


def _claims(clause: Clause, *, verified_only: bool) -> Mapping[str, Value]:
    illustrative, unverified = clause.obligation.illustrative, clause.obligation.unverified
    dropped: tuple[str, ...] = unverified if verified_only else ()
    if not illustrative and not dropped:
        return clause.values
    return {
        key: UNSPECIFIED if key in illustrative else _without(key, value, (*illustrative, *dropped))
        for key, value in clause.values.items()
        if key not in dropped
    }


def _without(key: str, value: Value, names: Iterable[str]) -> Value:
    """Return a list without the items that `names` hold as `dimension.item`."""
    if value.items is None:
        return value
    items = value.items - {name.split(".", 1)[1] for name in names if name.startswith(f"{key}.")}
    return value if items == value.items else _listed(items) if items else UNSPECIFIED


def _listed(items: Iterable[str]) -> Value:
    words = ", ".join(item.replace("_", " ") for item in sorted(items))
    return Value(words, items=frozenset(items))


def _together(key: str, values: Sequence[Value]) -> Value:
    if len(values) == 1:
        return values[0]
    lists = [value.items for value in values if value.items is not None]
    if lists:
        return _listed(frozenset().union(*lists))
    if any(value.vague for value in values):
        return UNSPECIFIED
    others = [value for value in values if value.other]
    if others:
        return others[0]
    sign = -1 if vocabulary().dimensions[key].stricter == "lower" else 1
    return min(values, key=lambda value: (sign * (value.figure or 0), value.anchor))
