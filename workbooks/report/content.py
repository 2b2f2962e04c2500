"""What a report is made from: the comparison, the texts behind it, and where each thing stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from criteria.model import Cited, Criterion, Edition, Program, Source
from engine.findings import SEVERITIES, Comparison, Evidence, Finding, ReverseRow
from engine.policy import TableModel
from engine.wording import GAPS, reason_texts
from mappings.library import Library
from workbooks.report.cells import FIRST_ROW, Place
from workbooks.report.words import edition_name, program_name

Audience = Literal["own", "partner"]
VALIDATION: Final = "validation"
_NOT_IN_SHEET_NAMES: Final = re.compile(r"[\[\]:*?/\\]")
_INTERNAL: Final = "(internal) "


@dataclass(frozen=True, slots=True)
class SourceUse:
    """A source of one of the two programs, with the criteria whose findings rest on it."""

    side: Literal["baseline", "foreign"]
    key: str
    source: Source
    bases: tuple[str, ...]
    findings: tuple[str, ...]
    in_profile: bool


@dataclass(frozen=True)
class Content:
    """Everything the sheets are written from. `policy` holds the tables of the policy in force."""

    comparison: Comparison
    library: Library
    policy: Mapping[str, TableModel]
    audience: Audience

    @property
    def own(self) -> bool:
        """Whether the report is for our own side: severity, recommendation and site checks are in it."""
        return self.audience == "own"

    @cached_property
    def baseline(self) -> Edition:
        """The baseline edition."""
        return self.library.editions[self.comparison.baseline]

    @cached_property
    def foreign(self) -> Edition:
        """The foreign edition."""
        return self.library.editions[self.comparison.foreign]

    @cached_property
    def baseline_program(self) -> Program:
        """The baseline's program."""
        return self.library.programs[self.baseline.program]

    @cached_property
    def foreign_program(self) -> Program:
        """The foreign program."""
        return self.library.programs[self.foreign.program]

    @property
    def us(self) -> str:
        """The baseline program's short name."""
        return program_name(self.baseline_program)

    @property
    def them(self) -> str:
        """The foreign program's short name."""
        return program_name(self.foreign_program)

    @property
    def pair(self) -> str:
        """Both editions and the date in a line."""
        us, them = (
            edition_name(self.baseline_program, self.baseline),
            edition_name(self.foreign_program, self.foreign),
        )
        return f"{us} and {them}, as of {self.comparison.as_of:%Y-%m-%d}"

    @cached_property
    def beyond_sheet(self) -> str:
        """The name of the sheet on the other direction."""
        return _NOT_IN_SHEET_NAMES.sub(" ", f"Beyond {self.us}")[:31].strip(" '")

    @cached_property
    def criteria(self) -> tuple[Finding, ...]:
        """The findings on security criteria."""
        return tuple(f for f in self.comparison.findings if f.category != VALIDATION)

    @cached_property
    def validation(self) -> tuple[Finding, ...]:
        """The findings on validation procedures."""
        return tuple(f for f in self.comparison.findings if f.category == VALIDATION)

    @cached_property
    def gaps(self) -> tuple[Finding, ...]:
        """The gaps: by severity for our own side, in the baseline's order for the partner."""
        found = [f for f in self.comparison.findings if f.verdict in GAPS]
        return tuple(sorted(found, key=_gravity)) if self.own else tuple(found)

    @cached_property
    def beyond(self) -> tuple[ReverseRow, ...]:
        """What the foreign edition has and the baseline does not answer, by class."""
        order = ("legal_limit", "beyond", "unmapped", "out_of_scope", "background")
        found = [row for row in self.comparison.reverse if row.kind in order]
        return tuple(sorted(found, key=lambda row: order.index(row.kind)))

    @cached_property
    def foreign_criteria(self) -> Mapping[str, Criterion]:
        """The foreign criteria by reference."""
        return {criterion.ref: criterion for criterion in self.foreign.criteria}

    def original(self, refs: str) -> str:
        """Return the original text behind a provision (or its joined members), a line each, where kept."""
        found = [self.foreign_criteria[ref] for ref in refs.split(" + ") if ref in self.foreign_criteria]
        lines = [
            f"Original ({one.translated_from or one.ref}): {one.original}" for one in found if one.original
        ]
        return "".join(f"\n{line}" for line in lines)

    @cached_property
    def sources(self) -> tuple[SourceUse, ...]:
        """Every source the findings or the profiles rest on, the baseline's first."""
        return (*_uses(self, "baseline"), *_uses(self, "foreign"))

    @cached_property
    def _places(self) -> Mapping[tuple[str, str], Place]:
        places: dict[tuple[str, str], Place] = {}
        for sheet, found in (("Side by side", self.criteria), ("Validation procedures", self.validation)):
            places |= {("criterion", f.criterion): Place(sheet, FIRST_ROW + n) for n, f in enumerate(found)}
        places |= {("gap", f.criterion): Place("Gaps", FIRST_ROW + n) for n, f in enumerate(self.gaps)}
        places |= {(use.side, use.key): Place("Sources", FIRST_ROW + n) for n, use in enumerate(self.sources)}
        row = FIRST_ROW
        for finding in self.comparison.findings:
            places["obligations", finding.criterion] = Place("Obligations", row)
            row += sum(max(1, len(o.evidence)) for o in finding.obligations)
        return places

    def place(self, kind: str, key: str) -> Place | None:
        """Return where a criterion, its gap or obligations, or a source of a side stands, if anywhere."""
        return self._places.get((kind, key))

    def source_place(self, finding: Finding) -> Place | None:
        """Return where the first foreign source behind a finding stands, or else the baseline's own."""
        for obligation in finding.obligations:
            for one in obligation.evidence:
                for key in source_keys(self, one):
                    return self.place("foreign", key)
        return self.place("baseline", self.baseline_sources[finding.criterion])

    @cached_property
    def baseline_sources(self) -> Mapping[str, str]:
        """The key of each baseline criterion's source."""
        return {criterion.ref: criterion.source.id for criterion in self.baseline.criteria}


def _gravity(finding: Finding) -> tuple[int, int, bool]:
    """Return the sort key of a gap: severity, what it would be if absent, those not counted in N last."""
    if_absent = SEVERITIES.index(finding.if_absent) if finding.if_absent in SEVERITIES else 0
    return SEVERITIES.index(finding.severity), if_absent, not finding.counted


def _uses(content: Content, side: Literal["baseline", "foreign"]) -> Iterable[SourceUse]:
    program = content.baseline_program if side == "baseline" else content.foreign_program
    edition = content.baseline if side == "baseline" else content.foreign
    bases: dict[str, list[str]] = {}
    for criterion in edition.criteria:
        bases.setdefault(criterion.source.id, []).append(criterion.basis)
    profile: set[str] = set()
    for cited in profile_facts(program):
        profile.update(cited.sources)
        for key in cited.sources:
            bases.setdefault(key, []).append(cited.basis)
    used = _used(content, side)
    for key, source in program.sources.items():
        if key in used or key in profile:
            yield SourceUse(
                side,
                key,
                source,
                tuple(bases.get(key, ())),
                tuple(dict.fromkeys(used.get(key, ()))),
                key in profile,
            )


def _used(content: Content, side: str) -> dict[str, list[str]]:
    """Return the criteria whose findings rest on each source of a side; none where only other rows do."""
    findings = content.comparison.findings
    if side == "baseline":
        pairs = [(content.baseline_sources[finding.criterion], finding.criterion) for finding in findings]
    else:
        pairs = [
            (key, finding.criterion)
            for finding in findings
            for obligation in finding.obligations
            for one in obligation.evidence
            for key in source_keys(content, one)
        ]
    used: dict[str, list[str]] = {}
    for key, criterion in pairs:
        used.setdefault(key, []).append(criterion)
    return used | {key: [] for key in _other_sources(content, side) if key not in used}


def _other_sources(content: Content, side: str) -> Iterator[str]:
    """Yield the sources of the foreign rows and prerequisites that no finding rests on."""
    if side == "foreign":
        yield from (content.foreign_criteria[row.provision].source.id for row in content.beyond)
        yield from (key for one in content.comparison.prerequisites for key in one.sources)


def source_keys(content: Content, evidence: Evidence) -> tuple[str, ...]:
    """Return the sources behind a provision: one, or those of every member of a joint group."""
    refs = [ref for ref in evidence.provision.split(" + ") if ref in content.foreign_criteria]
    keys = [content.foreign_criteria[ref].source.id for ref in refs] or [evidence.source["id"]]
    return tuple(dict.fromkeys(keys))


def profile_facts(program: Program) -> tuple[Cited, ...]:
    """Return every cited fact that the profile of a program shows; member benefits are none of them."""
    launched = (program.launched,) if program.launched else ()
    statuses = tuple(
        Cited(value=status.status, basis=status.basis, sources=status.sources) for status in program.status
    )
    return (
        *program.legal_basis,
        *launched,
        *statuses,
        *program.eligibility,
        *program.statistics,
        *program.validation,
        *program.remarks,
    )


def split_question(text: str) -> tuple[str, str]:
    """Return a question for the other side, and apart from it the work it names as our own.

    The engine words both in one text; only the first may ever leave the house.
    """
    internal = [
        entry["ask"] for entry in reason_texts().values() if entry.get("ask", "").startswith(_INTERNAL)
    ]
    asked, ours = [], []
    for line in text.split("\n"):
        rest = line
        for phrase in internal:
            if phrase in rest:
                ours.append(phrase.removeprefix(_INTERNAL))
                rest = rest.replace(phrase, "").replace("  ", " ").rstrip()
        if rest.strip() and not rest.endswith(("”:", "” :")):
            asked.append(rest.strip())
    return "\n".join(asked), "\n".join(dict.fromkeys(ours))
