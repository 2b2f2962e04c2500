"""References that come back: the same criterion on several operator-type sheets, or a number used twice."""

from __future__ import annotations

from dataclasses import replace

from criteria.problems import Problem
from workbooks.header_words import normalised
from workbooks.problem_codes import problem
from workbooks.raw_criteria import RawCriterion


def across_sheets(criteria: list[RawCriterion]) -> tuple[list[RawCriterion], list[Problem]]:
    """Join criteria that stand on several operator-type sheets, and report references used twice."""
    first: dict[str, int] = {}
    kept: list[RawCriterion] = []
    problems: list[Problem] = []
    for criterion in criteria:
        key = normalised(criterion.ref) or criterion.ref
        at = first.get(key) if key else None
        if at is None:
            if key:
                first[key] = len(kept)
            kept.append(criterion)
            continue
        twin = kept[at]
        if _is_same_on_another_sheet(twin, criterion):
            kept[at] = _joined(twin, criterion)
        else:
            problems.append(_twice(twin, criterion))
            kept.append(criterion)
    return kept, problems


def _is_same_on_another_sheet(one: RawCriterion, other: RawCriterion) -> bool:
    return (
        one.sheet != other.sheet
        and "sheet" in (one.operators_from, other.operators_from)
        and normalised(one.requirement) == normalised(other.requirement)
    )


def _joined(one: RawCriterion, other: RawCriterion) -> RawCriterion:
    # A sheet whose name is no known operator type keeps its name here, so that the row is not taken from it.
    texts = (one.operators_text or one.sheet, other.operators_text or other.sheet)
    operators = "; ".join(dict.fromkeys(texts))
    return replace(one, operators_text=operators, also_in=(*one.also_in, other.cell("requirement")))


def _twice(one: RawCriterion, other: RawCriterion) -> Problem:
    differs = one.sheet != other.sheet and "sheet" in (one.operators_from, other.operators_from)
    code = "reference_differs_between_sheets" if differs else "duplicate_reference"
    address = other.cells.get("ref") or f"A{other.row}"
    return problem(code, sheet=other.sheet, cell=address, field="ref", value=other.ref, first=one.cell("ref"))
