"""The closed lists that data is written in: categories, operator types, conditions, dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

Kind = Literal["figure", "rank", "flag", "set"]


@dataclass(frozen=True, slots=True)
class Category:
    """A chapter of criteria; only categories of scope `security` are compared."""

    key: str
    name: str
    scope: str


@dataclass(frozen=True, slots=True)
class Term:
    """A named entry of a closed list: an operator type or a condition."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Dimension:
    """A measurable part of an obligation, its unit, and which way is stricter."""

    key: str
    name: str
    kind: Kind
    unit: str = ""
    stricter: Literal["lower", "higher"] = "higher"
    values: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    named_standard: bool = False
    looser_reason: str = ""
    stricter_reason: str = ""
    not_stated_reason: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All closed lists, each keyed and in the order of its file."""

    categories: Mapping[str, Category]
    operators: Mapping[str, Term]
    conditions: Mapping[str, Term]
    dimensions: Mapping[str, Dimension]


def _read(name: str) -> list[dict[str, Any]]:
    text = files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, list[dict[str, Any]]] = yaml.load(text, Loader=yaml.CSafeLoader)
    return loaded[name]


def _dimension(raw: dict[str, Any]) -> Dimension:
    reasons = raw.pop("reasons")
    for key in ("values", "items"):
        raw[key] = tuple(raw.get(key, ()))
    return Dimension(
        **raw,
        looser_reason=reasons["looser"],
        stricter_reason=reasons["stricter"],
        not_stated_reason=reasons["not_stated"],
    )


@cache
def vocabulary() -> Vocabulary:
    """Return the closed lists that ship with the package."""
    return Vocabulary(
        categories={raw["key"]: Category(**raw) for raw in _read("categories")},
        operators={raw["key"]: Term(**raw) for raw in _read("operators")},
        conditions={raw["key"]: Term(**raw) for raw in _read("conditions")},
        dimensions={raw["key"]: _dimension(raw) for raw in _read("dimensions")},
    )
