"""The generated page of the library: programs, editions, counts, sources, basis, completeness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from criteria.model import BASES, Edition, Program
from criteria.vocabulary import vocabulary
from mappings.library import Library

HEAD = """# The criteria library

This page is generated from the data by `mra library`; a test keeps it current. Do not edit it.

*Basis* says how far the source text was read: text, excerpt, published (stated in an official or press
publication that was read), secondary, unverified. *Completeness* says whether all a program asks in a
category was read: only then does silence mean absence.
"""


def library_page(library: Library) -> str:
    """Return docs/library.md as it should read for this library."""
    lines = [HEAD, *_overview(library), "", *_catalogue(library)]
    for key, program in sorted(library.programs.items()):
        lines += ["", *_program(program, [e for e in _editions(library) if e.program == key], library)]
    return "\n".join(lines).rstrip() + "\n"


def _editions(library: Library) -> list[Edition]:
    return [edition for _, edition in sorted(library.editions.items())]


def _overview(library: Library) -> Iterator[str]:
    yield "## Programs"
    yield ""
    yield "| edition | program | country | criteria | obligations | maps | text or excerpt | unverified |"
    yield "|---|---|---|---:|---:|---:|---:|---:|"
    for edition in _editions(library):
        program = library.programs[edition.program]
        total = len(edition.criteria)
        bases = Counter(criterion.basis for criterion in edition.criteria)
        obligations = sum(len(criterion.obligations) for criterion in edition.criteria)
        maps = sum(len(e) for e in library.maps_of(edition.key).maps.values() if isinstance(e, tuple))
        read = bases["text"] + bases["excerpt"]
        yield (
            f"| {edition.key} | {program.name} | {program.country} | {total} | {obligations} | {maps} "
            f"| {read} of {total} | {bases['unverified']} of {total} |"
        )


def _catalogue(library: Library) -> Iterator[str]:
    counts = Counter(control.category for control in library.controls.values())
    yield "## Control catalogue"
    yield ""
    yield f"{len(library.controls)} controls."
    yield ""
    yield "| category | controls |"
    yield "|---|---:|"
    for key, category in vocabulary().categories.items():
        if counts[key]:
            yield f"| {category.name} | {counts[key]} |"


def _program(program: Program, editions: list[Edition], library: Library) -> Iterator[str]:
    yield f"## {program.name} (`{program.key}`)"
    yield ""
    yield f"{program.administration}, {program.country}. Direction: {program.direction}."
    tiers = [f"{tier.name} ({_counts(tier.mutual_recognition)})" for tier in program.tiers]
    if tiers:
        yield f"Tiers: {'; '.join(tiers)}."
    roles = [f"{role.name} → {', '.join(role.operator_types)}" for role in program.roles]
    yield f"Roles: {'; '.join(roles)}."
    for edition in editions:
        yield ""
        yield f"### {edition.title} (`{edition.key}`)"
        yield ""
        yield edition.read.strip()
        yield ""
        yield f"Completeness: {_completeness(edition)}."
        bases = Counter(criterion.basis for criterion in edition.criteria)
        yield f"Basis: {', '.join(f'{name} {bases[name]}' for name in reversed(BASES) if bases[name])}."
        for method in library.maps_of(edition.key).methods:
            yield f"Maps: {method.strip()}"
        yield ""
        yield from _sources(program, edition)


def _counts(counted: bool | None) -> str:
    return {True: "counts for mutual recognition", False: "does not count", None: "not established"}[counted]


def _completeness(edition: Edition) -> str:
    parts = []
    for category, level in edition.completeness.items():
        told = ", ".join(f"{k} {v}" for k, v in level.items()) if isinstance(level, dict) else str(level)
        parts.append(f"{category}: {told}")
    return "; ".join(parts)


def _sources(program: Program, edition: Edition) -> Iterator[str]:
    used = Counter(criterion.source.id for criterion in edition.criteria)
    yield "| source | criteria |"
    yield "|---|---:|"
    for key, number in sorted(used.items()):
        source = program.sources[key]
        linked = source.url.startswith("http") and " " not in source.url
        name = f"[{source.document}]({source.url})" if linked else source.document
        yield f"| {name.replace('|', '/')} | {number} |"
