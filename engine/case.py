"""Everything one comparison looks at while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from criteria.model import Edition
from engine.compiling import Compiled
from engine.facts import Provision
from engine.grounds import Ground
from engine.matching import Batch, Matcher
from engine.policy import Policy
from engine.reverse import Untouched
from mappings.library import Library


@dataclass(frozen=True, slots=True)
class Scope:
    """What is compared: operator types (none named: all), and whether forced labor counts in N."""

    operators: tuple[str, ...] = ()
    count_forced_labor: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A baseline compiled and a foreign edition as facts, as of a date; kept by the library.

    `stages` says which clauses can be judged after each batch. `grounds` are by baseline clause,
    `untouched` by foreign one. `conflicts` names, for a foreign criterion, those that say otherwise.
    `told` remembers what people are told of a provision, by its id.
    """

    compiled: Compiled
    provisions: tuple[Provision, ...]
    by_control: Mapping[str, Sequence[Provision]]
    batches: tuple[Batch, ...]
    stages: tuple[tuple[int, ...], ...]
    conflicts: Mapping[str, frozenset[str]]
    grounds: Mapping[str, Ground]
    untouched: tuple[Untouched, ...]
    told: dict[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """The inputs of one comparison; `verdicts` remembers answers."""

    library: Library
    baseline: Edition
    foreign: Edition
    policy: Policy
    matcher: Matcher
    scope: Scope
    as_of: date
    prepared: Prepared
    verdicts: dict[tuple[tuple[str, bool], ...], tuple[str, str | None]] = field(default_factory=dict)
