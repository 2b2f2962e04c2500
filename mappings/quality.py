"""Doubtful data: what loads, but that a careful reader would look at again.

Contradictions are errors; all the rest are warnings or notes, and never stop a comparison.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from rapidfuzz import fuzz, process

from criteria.editions import plain_text
from criteria.model import BASES, BINDING_INSTRUMENTS, Criterion, Edition
from criteria.problems import Problem
from mappings.library import Library
from mappings.loading import MapSet
from mappings.model import Control, Map

ALIKE_CONTROLS = 88  # likeness (0 to 100) of name and definition from which two controls look the same
ALIKE_RATIONALE = 92  # likeness from which a rationale only repeats a label
_TIMES = ("interval", "retention", "deadline", "lookback", "waiting_period")
_PERIOD = re.compile(
    r"\b(?:\d+|one|two|three|four|five|six|seven|ten|twelve|fourteen)[ -](?:hour|day|week|month|year)s?\b"
    r"|\b(?:yearly|annual(?:ly)?|every year|each year|weekly|monthly|quarterly|daily)\b",
    re.IGNORECASE,
)
_STANDARD = re.compile(r"\b(?:ISO(?:/PAS|/IEC)? ?\d{4,5}|ISPM ?15|NIST|ISPS|TAPA|MTSA)\b")
_STANDARD_DIMENSIONS = ("standards", "seal_standard")


def quality_problems(library: Library) -> Iterator[Problem]:
    """Yield every doubt about a library's controls, maps and criteria."""
    yield from _control_use(library)
    yield from _alike_controls(library.controls)
    for key, edition in sorted(library.editions.items()):
        yield from _untold_figures(edition)
        yield from _conflicts(edition)
        yield _basis_share(edition)
        yield from _map_doubts(library, library.maps_of(key))


def _control_use(library: Library) -> Iterator[Problem]:
    programs: dict[str, set[str]] = {control: set() for control in library.controls}
    for key, maps in library.maps.items():
        if key in library.editions:
            for control in _controls(maps):
                programs.setdefault(control, set()).add(library.editions[key].program)
    for control, users in sorted(programs.items()):
        if not users and not library.controls[control].replaced_by:
            hint = "Map to it, or remove it before it is published."
            yield _warning("unused-control", "no program maps to this control.", hint, f"control {control}")
        elif len(users) == 1:
            message = f"only {next(iter(users))} maps to this control."
            yield _warning(
                "one-program-control", message, "Is it the same as another control?", f"control {control}"
            )


def _controls(maps: MapSet) -> Iterator[str]:
    for entry in maps.maps.values():
        if isinstance(entry, tuple):
            yield from (one.control for one in entry)
    yield from (joint.control for joint in maps.jointly)


def _alike_controls(controls: Mapping[str, Control]) -> Iterator[Problem]:
    texts = {key: plain_text(f"{c.name} {c.definition}") for key, c in sorted(controls.items())}
    keys = list(texts)
    for n, key in enumerate(keys):
        rest = {other: texts[other] for other in keys[n + 1 :]}
        for _, likeness, other in process.extract(
            texts[key], rest, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE_CONTROLS
        ):
            message = f"reads much like {other} ({likeness:.0f} of 100)."
            yield _warning(
                "alike-controls", message, "Say in the definitions what sets them apart.", f"control {key}"
            )


def _untold_figures(edition: Edition) -> Iterator[Problem]:
    for criterion in edition.criteria:
        told = {key for obligation in criterion.obligations for key in obligation.parameters}
        text = criterion.statement
        for pattern, dimensions, what in (
            (_PERIOD, _TIMES, "period"),
            (_STANDARD, _STANDARD_DIMENSIONS, "standard"),
        ):
            found = sorted({match.group(0) for match in pattern.finditer(text)})
            if found and not told & set(dimensions):
                message = f"the statement names a {what} ({', '.join(found)}) that no parameter carries."
                yield _warning(
                    "untold-figure",
                    message,
                    "Add it as a parameter, or leave it.",
                    edition.key,
                    criterion.ref,
                )


def _conflicts(edition: Edition) -> Iterator[Problem]:
    by_ref = {criterion.ref: criterion for criterion in edition.criteria}
    for criterion in edition.criteria:
        yield from _one_sided(criterion, by_ref, edition.key)
        if criterion.under and criterion.instrument in BINDING_INSTRUMENTS:
            message = f"a {criterion.instrument} is binding itself and cannot stand under {criterion.under}."
            yield _error(
                "contradiction",
                message,
                "Remove under, or correct the instrument.",
                edition.key,
                criterion.ref,
            )


def _one_sided(criterion: Criterion, by_ref: Mapping[str, Criterion], edition: str) -> Iterator[Problem]:
    for other in criterion.conflicts_with:
        if other in by_ref and criterion.ref not in by_ref[other].conflicts_with:
            message = f"conflicts with {other}, which does not name it back."
            yield _error("contradiction", message, "Name the conflict on both.", edition, criterion.ref)


def _basis_share(edition: Edition) -> Problem:
    counts = Counter(criterion.basis for criterion in edition.criteria)
    total = len(edition.criteria)
    shares = ", ".join(f"{name} {counts[name]} of {total}" for name in reversed(BASES) if counts[name])
    return Problem("basis-share", f"read as {shares}.", severity="note", file=edition.key)


def _map_doubts(library: Library, maps: MapSet) -> Iterator[Problem]:
    for obligation, entry in maps.maps.items():
        if isinstance(entry, tuple):
            yield from _entry_doubts(library.controls, entry, f"maps of {maps.edition}", obligation)


def _entry_doubts(
    controls: Mapping[str, Control], entry: Iterable[Map], file: str, obligation: str
) -> Iterator[Problem]:
    seen: dict[str, Map] = {}
    for one in entry:
        control = controls.get(one.control)
        if control is None:
            continue
        if one.control in seen:
            message = f"two maps to {one.control}: {seen[one.control].relationship} and {one.relationship}."
            yield _error("contradiction", message, "Keep the one that is right.", file, obligation)
        seen[one.control] = one
        if control.replaced_by:
            message = f"{one.control} was replaced by {control.replaced_by}."
            yield _warning("replaced-control", message, "Map to the successor.", file, obligation)
        if _only_repeats(one.rationale, control):
            message = f"the rationale only repeats the name of {one.control}."
            yield _warning(
                "thin-rationale", message, "Say what is shared and what differs.", file, obligation
            )


def _only_repeats(rationale: str, control: Control) -> bool:
    text = plain_text(rationale)
    return len(text.split()) < 3 or fuzz.token_sort_ratio(text, plain_text(control.name)) >= ALIKE_RATIONALE


def _warning(code: str, message: str, hint: str, file: str, key: str = "") -> Problem:
    return Problem(code, message, hint, severity="warning", file=file, key=key)


def _error(code: str, message: str, hint: str, file: str, key: str = "") -> Problem:
    return Problem(code, message, hint, file=file, key=key)
