"""From a spreadsheet's rows to criteria: the words of each row read as category, strength, roles, parameters.

Every reading is a proposal with the words it came from; what cannot be read is a problem at its cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from criteria.model import Citation, Criterion, Program, Strength
from criteria.normalising import (
    Proposed,
    category_of,
    letters_of_strength,
    means_everybody,
    roles_in,
    strength_in_text,
    strength_of_cell,
)
from criteria.problems import Problem, nearest_hint
from criteria.vocabulary import vocabulary
from jobs.import_clauses import obligations_of
from workbooks.garbage import collector_paused
from workbooks.header_words import operator_types
from workbooks.problem_codes import problem
from workbooks.raw_criteria import HIDDEN_ROW, HIDDEN_SHEET, NO_REFERENCE, STRUCK_OUT, RawCriterion

FALLBACK_CATEGORY = "procedural"
FALLBACK_STRENGTH: Strength = "should"


@dataclass(slots=True)
class Rows:
    """The criteria read from rows, in their order, and the problems found on the way."""

    criteria: list[Criterion] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@collector_paused()
def read_rows(
    raws: Iterable[RawCriterion],
    program: Program,
    source: str,
    strength_words: Mapping[str, Strength] | None = None,
) -> Rows:
    """Return the rows as criteria of a program; struck-out rows are left out and reported by the reader.

    `strength_words` say what words of a strength column mean; they win over the program's own.
    """
    kept = [raw for raw in raws if STRUCK_OUT not in raw.flags and raw.requirement.strip()]
    letters = letters_of_strength(raw.strength_text for raw in kept)
    words = {**letters, **program.strength_words, **(strength_words or {})}
    reader = _Reader(program, source, dict(words), _unrecognized(kept))
    reader.problems += _sheets_for_everybody(kept)
    used: dict[str, str] = {}
    for raw in kept:
        ref = _free_ref(raw, used)
        used[ref] = raw.sheet
        reader.criteria.append(reader.criterion(raw, ref))
    return Rows(reader.criteria, reader.problems)


def _free_ref(raw: RawCriterion, used: Mapping[str, str]) -> str:
    """Return the row's reference; where it is taken, with the sheet's name before it or a number after it."""
    ref = f"row {raw.row}" if NO_REFERENCE in raw.flags or not raw.ref else raw.ref
    if ref not in used:
        return ref
    base = ref if used[ref] == raw.sheet else f"{raw.sheet} {ref}"
    candidate, number = base, 2
    while candidate in used:
        candidate, number = f"{base} ({number})", number + 1
    return candidate


def _headings(raw: RawCriterion) -> list[str]:
    """Return the texts that may name the row's category, the closest to the row first."""
    texts = [text for text in (raw.category_text, *reversed(raw.section_path)) if text.strip()]
    return texts if category_of([raw.sheet]) is None else [*texts, raw.sheet]


def _told(raw: RawCriterion) -> tuple[str, str]:
    """Return the sheet, and what its row and headings say of the category."""
    return raw.sheet, " / ".join(dict.fromkeys(reversed(_headings(raw))))


def _unrecognized(raws: Sequence[RawCriterion]) -> Counter[tuple[str, str]]:
    """Return how many rows stand under each text that names no category."""
    return Counter(_told(raw) for raw in raws if category_of(_headings(raw)) is None)


def _sheets_for_everybody(raws: Sequence[RawCriterion]) -> list[Problem]:
    """Report sheets without operator types beside sheets that are named after one."""
    by_sheet: dict[str, set[str]] = {}
    for raw in raws:
        by_sheet.setdefault(raw.sheet, set()).add(raw.operators_from)
    if not any("sheet" in origins for origins in by_sheet.values()):
        return []
    return [problem("sheet_for_everybody", sheet=name) for name, found in by_sheet.items() if found == {""}]


@dataclass(frozen=True, slots=True)
class _Named:
    """What an operator cell names: roles, and the parts that name none, each with the nearest roles."""

    roles: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Reader:
    """Reads rows as criteria of one program; `unrecognized` are the headings that name no category.

    `named` keeps what operator cells name: a sheet says the same in most of its rows.
    """

    program: Program
    source: str
    words: dict[str, Strength]
    unrecognized: Counter[tuple[str, str]]
    named: dict[str, _Named] = field(default_factory=dict)
    criteria: list[Criterion] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def criterion(self, raw: RawCriterion, ref: str) -> Criterion:
        """Return one row as a criterion."""
        statement = raw.translation or raw.requirement
        strength = self._strength(raw, statement)
        return Criterion(
            ref=ref,
            category=self._category(raw, statement),
            section=" / ".join(raw.section_path),
            title=_title(statement),
            statement=statement.strip(),
            original=raw.requirement.strip() if raw.translation else "",
            strength=strength,
            strength_word=raw.strength_text.strip(),
            obligations=tuple(obligations_of(raw, strength)),
            operators=self._roles(raw),
            look_for=raw.evidence.strip(),
            source=Citation(id=self.source, reference="; ".join((raw.cell("requirement"), *raw.also_in))),
            basis="text",
            note=_note(raw),
        )

    def _category(self, raw: RawCriterion, statement: str) -> str:
        proposed = category_of(_headings(raw))
        if proposed is not None:
            return str(proposed.value)
        proposed = category_of([statement]) or category_of([raw.requirement])
        taken = str(proposed.value) if proposed else FALLBACK_CATEGORY
        rows = self.unrecognized.pop(_told(raw), 0)
        if rows:
            self._report_category(raw, taken, proposed, rows)
        return taken

    def _report_category(self, raw: RawCriterion, taken: str, proposed: Proposed | None, rows: int) -> None:
        told = _told(raw)[1]
        names = {key: category.name for key, category in vocabulary().categories.items()}
        code = "category_not_recognized" if told else "category_not_stated"
        cell = raw.cell("category" if raw.cells.get("category") else "requirement")
        by = f"its text says “{proposed.words}”" if proposed else "its text names none either"
        self.problems.append(
            problem(
                code, sheet=raw.sheet, cell=cell, field="category", value=told, rows=rows, taken=names[taken],
                by=by, nearest=nearest_hint(told, names.values()) if told else "",
            )
        )  # fmt: skip

    def _strength(self, raw: RawCriterion, statement: str) -> Strength:
        said = raw.strength_text.strip()
        fault = None
        if said:
            proposed, fault = strength_of_cell(said, self.words)
            if proposed is not None:
                return _as_strength(proposed)
        proposed = strength_in_text(raw.requirement) or strength_in_text(statement)
        taken = _as_strength(proposed) if proposed else FALLBACK_STRENGTH
        if fault is not None:
            by = f"the text says “{proposed.words}”" if proposed else "the text has no such word either"
            self.problems.append(
                problem(
                    "unknown_strength", sheet=raw.sheet, cell=raw.cell("strength"), field="strength",
                    value=said, taken=taken, by=by, nearest=fault.hint,
                )
            )  # fmt: skip
        elif proposed is None:
            cell = raw.cell("requirement")
            self.problems.append(problem("strength_not_stated", sheet=raw.sheet, cell=cell, field="strength"))
        return taken

    def _roles(self, raw: RawCriterion) -> tuple[str, ...]:
        text = raw.operators_text
        if not text.strip():
            return ("all",)
        if text not in self.named:
            self.named[text] = self._read_roles(text)
        for part, hint in self.named[text].unknown:
            place = {"sheet": raw.sheet, "cell": raw.cell("operators"), "field": "operators"}
            self.problems.append(problem("unknown_operator_type", **place, value=part, nearest=hint))
        return self.named[text].roles

    def _read_roles(self, text: str) -> _Named:
        found, unmatched = roles_in(text, self.program)
        keys = dict.fromkeys(str(one.value) for one in found)
        unknown = []
        for part in unmatched:
            roles = self._roles_by_header_words(part)
            keys.update(dict.fromkeys(roles))
            if not roles:
                unknown.append((part, nearest_hint(part, [role.name for role in self.program.roles])))
        return _Named(("all",) if "all" in keys else tuple(keys) or ("all",), tuple(unknown))

    def _roles_by_header_words(self, part: str) -> list[str]:
        """Return the roles that the words for sheets and column headers name."""
        if means_everybody(part):
            return ["all"]
        wanted = set(operator_types(part))
        return [role.key for role in self.program.roles if wanted & set(role.operator_types)]


def _title(text: str) -> str:
    words = text.split()
    if len(words) > 8:
        return " ".join(words[:8]) + " …"
    whole = " ".join(words)
    return whole if len(whole) <= 60 else whole[:59] + "…"


def _as_strength(proposed: Proposed) -> Strength:
    value: Strength = proposed.value
    return value


def _note(raw: RawCriterion) -> str:
    """Return everything else the row says: notes, comments on its cells, that it is hidden."""
    hidden = [
        *(["Stands in a hidden row of the spreadsheet."] if HIDDEN_ROW in raw.flags else []),
        *(["Stands on a hidden sheet of the spreadsheet."] if HIDDEN_SHEET in raw.flags else []),
    ]
    comments = [f"Comment in the spreadsheet: {text.strip()}" for text in raw.comments if text.strip()]
    return "\n".join([*hidden, *filter(None, [raw.notes.strip()]), *comments])
