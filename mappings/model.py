"""The values of the mapping layer: controls, maps, joint groups, direct maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from criteria.model import Frozen, Names
from mappings.relationships import Relationship

Confidence = Literal["high", "medium", "low"]
MapStatus = Literal["library", "approved", "proposed", "stale", "rejected"]
COUNTING: frozenset[str] = frozenset({"library", "approved"})


class Control(Frozen):
    """An atomic security objective of the shared catalogue, the hub all editions map to."""

    id: str
    name: str
    category: str
    definition: str
    dimensions: Names = ()
    wco_safe: str = ""
    replaced_by: str = ""
    note: str = ""


class Map(Frozen):
    """An obligation's relation to a control, with why, how sure, and whether it counts.

    `complete` on every superset-of map of an obligation says that its parts are all there.
    """

    control: str
    relationship: Relationship
    rationale: str = Field(min_length=1)
    confidence: Confidence
    status: MapStatus = "library"
    complete: bool = False


class NoControl(Frozen):
    """The reason why an obligation answers no control."""

    no_control: str = Field(min_length=1)


class Joint(Frozen):
    """Obligations that only together answer a control."""

    id: str
    members: Names
    control: str
    relationship: Relationship
    rationale: str = Field(min_length=1)
    confidence: Confidence
    status: MapStatus = "library"

    @model_validator(mode="after")
    def _at_least_two(self) -> Joint:
        if len(set(self.members)) < 2:
            raise ValueError("a joint group has at least two different members; name them all")
        return self


def _kind_of_entry(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        return "[maps]"
    return "[reason]" if isinstance(value, dict | NoControl) else None


# A list is maps, keys are the reason for none: so that a fault in one is not told as one in the other.
Entry = Annotated[
    Annotated[tuple[Map, ...], Tag("[maps]")] | Annotated[NoControl, Tag("[reason]")],
    Discriminator(_kind_of_entry),
]


class EditionMaps(Frozen):
    """The maps of one edition, by obligation (`<ref>.<letter>`)."""

    edition: str
    method: str
    maps: Mapping[str, Entry] = Field(default_factory=dict)
    jointly: tuple[Joint, ...] = ()


class DirectMap(Frozen):
    """A reviewed relation between obligations of two editions; it overrides the hub."""

    source: str
    target: str
    relationship: Relationship
    rationale: str = Field(min_length=1)
    confidence: Confidence
    status: MapStatus = "approved"


class DirectMaps(Frozen):
    """Direct maps from the obligations of one edition to those of another; read both ways."""

    source_edition: str
    target_edition: str
    maps: tuple[DirectMap, ...]
