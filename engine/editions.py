"""Which edition of a program a comparison on a date reads, and what has to be said about it."""

from __future__ import annotations

import re
from datetime import date

from criteria.model import Edition
from criteria.problems import MraError
from mappings.library import Library


class NoEdition(MraError):
    """A program has no edition that could be read for a date."""


def pick_edition(library: Library, name: str, as_of: date) -> tuple[Edition, tuple[str, ...]]:
    """Return the edition of a program in force on a date, with warnings about it.

    An edition named by its own key wins, with a warning where it is later. Where the program had an
    edition then that is not in the library, the earliest later one stands in and is flagged. An edition
    whose first day is not known is read on any day, and flagged before the year in its label.
    Raises UnknownName, or NoEdition where the program has no edition at all.
    """
    if name in library.editions:
        edition = library.editions[name]
        return edition, tuple(_warnings(edition, as_of, explicit=True))
    if name not in library.programs:
        library.edition(name)  # raises UnknownName with the nearest names
    editions = sorted(
        (edition for edition in library.editions.values() if edition.program == name),
        key=lambda edition: (edition.in_force.since or date.min, edition.key),
    )
    if not editions:
        raise NoEdition(f"{name} has no edition in the library. Import its criteria with mra import.")
    in_force = [edition for edition in editions if _covers(edition, as_of)]
    if in_force:
        current = library.programs[name].current_edition
        chosen = next((edition for edition in in_force if edition.key == current), in_force[-1])
        return chosen, tuple(_warnings(chosen, as_of, explicit=False))
    later = [edition for edition in editions if edition.in_force.since and edition.in_force.since > as_of]
    chosen = later[0] if later else editions[-1]
    return chosen, tuple(_warnings(chosen, as_of, explicit=False))


def _covers(edition: Edition, as_of: date) -> bool:
    since, until = edition.in_force.since, edition.in_force.until
    return (since is None or since <= as_of) and (until is None or as_of < until)


def _warnings(edition: Edition, as_of: date, *, explicit: bool) -> list[str]:
    since, until = edition.in_force.since, edition.in_force.until
    if since is not None and since > as_of:
        text = f"{edition.key} came into force on {since:%Y-%m-%d}, after {as_of:%Y-%m-%d}"
        return [
            f"{text}; it was named and is used."
            if explicit
            else f"{text}; this later text stands in for the earlier one."
        ]
    year = re.search(r"\b(?:19|20)\d\d\b", edition.label)
    if since is None and year and as_of.year < int(year[0]):
        text = f"The day from which {edition.key} holds is not known"
        return [f"{text}; it was read as of {year[0]} and stands in for what held on {as_of:%Y-%m-%d}."]
    if until is not None and until <= as_of:
        return [f"{edition.key} ended on {until:%Y-%m-%d}; it is read for {as_of:%Y-%m-%d} all the same."]
    return []
