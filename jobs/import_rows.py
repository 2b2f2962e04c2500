"""From a spreadsheet's rows to criteria: the words of each row read as category, strength, roles, parameters.

Every reading is a proposal with the words it came from; what cannot be read is a problem at its cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from criteria.model import Citation, Criterion, Obligation, Program, Strength
from criteria.normalising import (
    Proposed,
    category_of,
    parameters_in,
    roles_in,
    strength_in_text,
    strength_of_cell,
)
from criteria.problems import Problem, nearest_hint
from criteria.vocabulary import vocabulary
from workbooks.problem_codes import problem
from workbooks.raw_criteria import NO_REFERENCE, STRUCK_OUT, RawCriterion

LETTERS = "abcdefghijklmnopqrstuvwxyz"
FALLBACK_CATEGORY = "procedural"


@dataclass(slots=True)
class Rows:
    """The criteria read from rows, in their order, and the problems found on the way."""

    criteria: list[Criterion] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_rows(raws: Iterable[RawCriterion], program: Program, source: str) -> Rows:
    """Return the rows as criteria of a program; struck-out rows are left out and reported by the reader."""
    rows = Rows()
    used: set[str] = set()
    for raw in raws:
        if STRUCK_OUT in raw.flags or not raw.requirement.strip():
            continue
        ref = _free_ref(raw, used)
        used.add(ref)
        rows.criteria.append(_criterion(raw, ref, program, source, rows.problems))
    return rows


def _free_ref(raw: RawCriterion, used: set[str]) -> str:
    ref = f"row {raw.row}" if NO_REFERENCE in raw.flags or not raw.ref else raw.ref
    candidate, number = ref, 2
    while candidate in used:
        candidate, number = f"{ref} ({number})", number + 1
    return candidate


def _criterion(
    raw: RawCriterion, ref: str, program: Program, source: str, problems: list[Problem]
) -> Criterion:
    statement = raw.translation or raw.requirement
    category = category_of([raw.category_text, *reversed(raw.section_path)])
    if category is None:
        category = Proposed("category", FALLBACK_CATEGORY, "")
        told = raw.category_text or " / ".join(raw.section_path)
        hint = nearest_hint(told, [c.name for c in vocabulary().categories.values()]) if told else ""
        problems.append(
            problem(
                "category_not_recognized",
                sheet=raw.sheet,
                cell=raw.cell("category"),
                value=told,
                nearest=hint,
            )
        )
    return Criterion(
        ref=ref,
        category=category.value,
        section=" / ".join(raw.section_path),
        title=_title(statement),
        statement=statement.strip(),
        original=raw.requirement.strip() if raw.translation else "",
        strength=_strength(raw, program, statement, problems),
        strength_word=raw.strength_text.strip(),
        obligations=tuple(_obligations(raw)),
        operators=_roles(raw, program, problems),
        look_for=raw.evidence.strip(),
        source=Citation(id=source, reference=raw.cell("requirement")),
        basis="text",
        note=raw.notes.strip(),
    )


def _title(text: str) -> str:
    words = text.split()
    return " ".join(words[:8]) + (" …" if len(words) > 8 else "")


def _strength(raw: RawCriterion, program: Program, statement: str, problems: list[Problem]) -> Strength:
    if raw.strength_text.strip():
        proposed, fault = strength_of_cell(raw.strength_text, program.strength_words)
        if proposed is not None:
            return _as_strength(proposed)
        if fault is not None:
            cell = raw.cell("strength")
            problems.append(
                problem("unknown_strength", sheet=raw.sheet, cell=cell, value=fault.value, nearest=fault.hint)
            )
    proposed = strength_in_text(raw.requirement) or strength_in_text(statement)
    if proposed is None:
        problems.append(problem("strength_not_stated", sheet=raw.sheet, cell=raw.cell("requirement")))
        return "should"
    return _as_strength(proposed)


def _as_strength(proposed: Proposed) -> Strength:
    value: Strength = proposed.value
    return value


def _roles(raw: RawCriterion, program: Program, problems: list[Problem]) -> tuple[str, ...]:
    if not raw.operators_text.strip():
        return ("all",)
    found, unmatched = roles_in(raw.operators_text, program)
    for part in unmatched:
        hint = nearest_hint(part, [role.name for role in program.roles])
        cell = raw.cell("operators")
        problems.append(
            problem("unknown_operator_type", sheet=raw.sheet, cell=cell, value=part, nearest=hint)
        )
    return tuple(one.value for one in found) or ("all",)


def _obligations(raw: RawCriterion) -> Iterable[Obligation]:
    texts = raw.translated_obligations if raw.translation else raw.obligations
    lead = f"{raw.lead.strip().rstrip(':')}: " if raw.lead and len(texts) > 1 else ""
    for number, text in enumerate(texts):
        letter = LETTERS[number] if number < len(LETTERS) else f"z{number}"
        extra = raw.parameters_text if number == 0 else ""
        found = parameters_in(f"{text}\n{extra}")
        if raw.translation:
            found = found or parameters_in(raw.requirement)
        parameters: dict[str, Any] = {one.field: one.value for one in found}
        told = tuple(f"{one.field}: {one.words}" for one in found)
        yield Obligation(id=letter, text=f"{lead}{text.strip()}", parameters=parameters, proposed=told)
