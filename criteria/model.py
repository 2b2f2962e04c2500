"""The values of a program: editions, criteria, obligations, parameters, sources.

Everything is frozen. Names are those of the field: a program has editions, an edition has criteria,
a criterion has obligations, an obligation carries strength, condition and parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Strength = Literal["must", "should", "may", "info"]
STRENGTHS: tuple[Strength, ...] = ("info", "may", "should", "must")
STRENGTH_RANK: Mapping[str, int] = {name: rank for rank, name in enumerate(STRENGTHS)}

Basis = Literal["text", "excerpt", "published", "secondary", "unverified"]
BASES: tuple[Basis, ...] = ("unverified", "secondary", "published", "excerpt", "text")
BASIS_RANK: Mapping[str, int] = {name: rank for rank, name in enumerate(BASES)}

Instrument = Literal["law", "program_rule", "guideline", "questionnaire", "form"]
BINDING_INSTRUMENTS = frozenset({"law", "program_rule"})

Scope = Literal["security", "compliance", "records", "solvency", "benefits", "forced_labor"]
Direction = Literal["import", "export", "both"]
Completeness = Literal["full", "partial", "none"]


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, date | int) and not isinstance(value, bool) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
# A year, a month or a day. YAML reads an unquoted one as a number or a date.
When = Annotated[str, BeforeValidator(_as_text)]


class Frozen(BaseModel):
    """A strict, immutable record: unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Source(Frozen):
    """A document that was read, under a short key used by the criteria of the program."""

    document: str
    url: str = ""
    via: str = ""
    note: str = ""


class Citation(Frozen):
    """Where in a source a statement stands."""

    id: str
    reference: str = ""
    via: str = ""


class Cited(Frozen):
    """A fact about a program with where it was read."""

    value: str
    basis: Basis
    sources: Names = ()
    note: str = ""


class Role(Frozen):
    """One of a program's own operator roles, mapped to the shared operator types."""

    key: str
    name: str
    operator_types: Names
    direction: Direction = "both"
    citation: str = ""
    certified: bool = True
    note: str = ""


class Tier(Frozen):
    """A level of a program; only tiers that count for mutual recognition are compared."""

    key: str
    name: str
    mutual_recognition: bool | None
    note: str = ""


class Status(Frozen):
    """What a program was from a date on."""

    since: date = Field(alias="from")
    status: Literal["none", "planned", "pilot", "operational", "closed"]
    note: str = ""
    basis: Basis = "unverified"
    sources: Names = ()


class Scoring(Frozen):
    """How a program scores its criteria, where it does."""

    scheme: str
    knock_out: bool = False
    note: str = ""


class Program(Frozen):
    """A customs administration's partnership program."""

    key: str
    name: str
    short_name: str = ""
    administration: str
    country: str
    direction: Direction
    legal_basis: tuple[Cited, ...] = ()
    launched: Cited | None = None
    status: tuple[Status, ...] = ()
    eligibility: tuple[Cited, ...] = ()
    statistics: tuple[Cited, ...] = ()
    validation: tuple[Cited, ...] = ()
    benefits: tuple[Cited, ...] = ()
    remarks: tuple[Cited, ...] = ()
    tiers: tuple[Tier, ...] = ()
    scoring: tuple[Scoring, ...] = ()
    strength_words: Mapping[str, Strength]
    roles: tuple[Role, ...]
    sources: Mapping[str, Source]
    current_edition: str = ""


class StrengthFrom(Frozen):
    """The strength of a criterion from a date on."""

    since: When = Field(alias="from")
    strength: Strength
    source: str = ""


class Deeming(Frozen):
    """Holders of another status or certificate are deemed to comply."""

    holder: str
    regime: str
    regime_read: bool = False


class Obligation(Frozen):
    """One clause of a criterion that can be met on its own.

    `strength` and `applies_if` default to the criterion's. `illustrative` and `unverified` name
    dimensions (or `dimension.item`) that can never cause a shortfall; `thin` marks a heading or a
    text without content. `proposed` says which parameters were proposed from the text, and from
    which words ("interval: at least once a year"), until somebody has confirmed them.
    """

    id: str
    text: str
    strength: Strength | None = None
    applies_if: str | None = None
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    illustrative: Names = ()
    unverified: Names = ()
    thin: bool = False
    scope: Scope | None = None
    deeming: Deeming | None = None
    operators: Names = ()
    proposed: Names = ()
    note: str = ""


class Criterion(Frozen):
    """One numbered requirement of an edition, in our own words.

    `operators` are roles of the program (`all` for every certified role). `operators_unverified`
    are roles it is believed to bind without having been read. `under` names the binding provision
    that a guideline or questionnaire row spells out (VERDICTS V1). `translated_from` names the
    language of the text that was read; `original` keeps that text beside the statement.
    """

    ref: str
    category: str
    section: str = ""
    title: str = ""
    statement: str
    strength: Strength
    strength_word: str = ""
    strength_history: tuple[StrengthFrom, ...] = ()
    scope: Scope | None = None
    instrument: Instrument = "program_rule"
    under: str | None = None
    applies_if: str | None = None
    direction: Direction | None = None
    tier: Names = ()
    obligations: tuple[Obligation, ...] = ()
    operators: Names = ()
    operators_unverified: Names = ()
    look_for: str = ""
    unverified_parts: str = ""
    conflicts_with: Names = ()
    unnumbered: bool = False
    topics: Names = ()
    translated_from: str = ""
    original: str = ""
    source: Citation
    basis: Basis
    note: str = ""


class InForce(Frozen):
    """The period in which an edition applies; `until` is the first day it no longer does."""

    since: date | None = Field(default=None, alias="from")
    until: date | None = None


class Absent(Frozen):
    """A condition that cannot arise under the program, with the source that says so."""

    condition: str
    source: str
    basis: Basis


class Edition(Frozen):
    """One dated version of a program's criteria; comparisons are always between editions."""

    key: str
    program: str
    title: str
    label: str = ""
    in_force: InForce
    read: str
    direction: Direction
    completeness: Mapping[str, Any]
    conditions_absent: tuple[Absent, ...] = ()
    supersedes: str = ""
    note: str = ""
    criteria: tuple[Criterion, ...] = ()
