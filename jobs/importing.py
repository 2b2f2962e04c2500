"""Import a spreadsheet of criteria into a workspace as an edition with proposed maps.

`plan_import` reads, checks and maps, and changes nothing; `apply_import` writes the plan to a
workspace in one transaction. A dry run is a plan that is not applied.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from criteria.editions import Match, match_editions
from criteria.model import Criterion, Edition, Program, Role, Strength
from criteria.problems import MraError, Problem, UnknownName
from criteria.vocabulary import vocabulary
from jobs.import_layouts import proposal_of
from jobs.import_rows import read_rows
from jobs.next_edition import Kept, carried, kept_maps, match_problems
from jobs.proposing import propose_maps
from mappings.library import Library
from mappings.loading import MapSet
from mappings.model import NoControl
from mappings.workspace import commit, locked
from workbooks.extracting import extract
from workbooks.layout_files import layouts_text
from workbooks.layouts import Layout
from workbooks.named_columns import NamedColumns
from workbooks.raw_criteria import SheetSummary
from workbooks.reading import Workbook, read

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What is imported as what. `edition` is a label (default: the day).

    `layouts` are used as they are; `columns` correct what is detected. `strength_words` say what words
    of a strength column mean.
    """

    data: bytes
    name: str
    program: str
    edition: str = ""
    sheets: tuple[str, ...] = ()
    layouts: tuple[Layout, ...] = ()
    layout_name: str = ""
    encoding: str = ""
    in_force: date | None = None
    complete: bool = False
    new_program: Mapping[str, str] | None = None
    columns: tuple[NamedColumns, ...] = ()
    strength_words: Mapping[str, Strength] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Everything an import would write, and what is to be said about it."""

    program: Program
    is_new_program: bool
    edition: Edition
    maps: MapSet
    source_key: str
    source_document: str
    sheets: tuple[SheetSummary, ...]
    layouts: tuple[Layout, ...]
    matches: tuple[Match, ...]
    previous: str
    problems: tuple[Problem, ...]
    workbook: Workbook

    @property
    def refused(self) -> bool:
        """Whether nothing could be read, so that there is nothing to apply."""
        return not self.edition.criteria

    def as_dict(self, *, applied: bool) -> dict[str, Any]:
        """Return the result of the import as plain data."""
        entries = [entry for entry in self.maps.maps.values() if isinstance(entry, tuple)]
        return {
            "program": self.program.key,
            "edition": self.edition.key,
            "previous": self.previous or None,
            "sheets": [sheet.as_dict() for sheet in self.sheets],
            "layouts": [layout.model_dump(mode="json") for layout in self.layouts],
            "criteria": len(self.edition.criteria),
            "obligations": sum(len(criterion.obligations) for criterion in self.edition.criteria),
            "maps": {
                status: sum(one.status == status for entry in entries for one in entry)
                for status in ("library", "approved", "proposed", "stale")
            },
            "matches": {kind: sum(m.kind == kind for m in self.matches) for kind in KINDS},
            "problems": [upload_problem(one) for one in self.problems],
            "applied": applied,
        }


RESULT = ("program", "edition", "sheets", "criteria", "obligations", "problems", "applied")
"""What `mra import --json` prints of the above."""
PLACES = ("sheet", "cell", "merged_range", "field", "value")


def upload_problem(found: Problem) -> dict[str, Any]:
    """Return a problem of a spreadsheet as plain data, with each of its places, "" where it has none."""
    said = found.as_dict()
    head = {"code": found.code, "severity": found.severity}
    places = {name: said.pop(name, "") for name in PLACES}
    return {**head, **places, "message": found.message, "hint": found.hint} | said


_PROGRAM_KEY = re.compile(r"^[a-z][a-z0-9-]{0,63}$")
KINDS = ("unchanged", "changed", "moved", "added", "vanished")


def plan_import(
    library: Library,
    request: ImportRequest,
    today: date,
    workspace: Path | None = None,
    progress: Progress | None = None,
) -> ImportPlan:
    """Return what an import would do. Faults of the file are problems of the plan, never exceptions.

    Raises UnknownName for a program that does not exist (and is not declared new), MraError for a
    label that is taken or a layout name that does not exist.
    """
    step = progress or (lambda what, done, total: None)
    program, is_new = _program(library, request)
    key = _edition_key(library, program, request, today)
    step("reading", 0, 4)
    workbook = read(request.data, request.name, encoding=request.encoding)
    proposal = proposal_of(workbook, request, workspace, program.key)
    extraction = extract(workbook, proposal)
    step("checking", 1, 4)
    source_key = f"upload_{hashlib.sha256(request.data).hexdigest()[:10]}"
    rows = read_rows(extraction.criteria, program, source_key, request.strength_words)
    previous = _previous(library, program, request.in_force)
    step("matching", 2, 4)
    criteria, told = rows.criteria, list(rows.problems)
    matches: tuple[Match, ...] = ()
    if previous and criteria:  # of a file in which nothing was read it is not told that all has vanished
        matches = tuple(match_editions(previous.criteria, criteria))
        criteria, told = carried(criteria, previous, matches, told)
        told += match_problems(matches, previous, criteria)
    edition = _edition(key, program, request, previous, criteria)
    step("mapping", 3, 4)
    maps = _maps(library, edition, previous, matches)
    problems = (*extraction.problems, *told)
    step("done", 4, 4)
    return ImportPlan(
        program, is_new, edition, maps, source_key, request.name, extraction.sheets, tuple(proposal.layouts),
        matches, previous.key if previous else "", problems, workbook,
    )  # fmt: skip


def _program(library: Library, request: ImportRequest) -> tuple[Program, bool]:
    if request.program in library.programs:
        return library.programs[request.program], False
    if not _PROGRAM_KEY.match(request.program):
        raise MraError(
            f'"{request.program}" is not a key of a program. Use small letters, digits and "-", '
            "beginning with a letter, for example nz-ses."
        )
    if request.new_program is None:
        raise UnknownName(
            "program (give --name and --country to start a new one)", request.program, library.programs
        )
    roles = tuple(Role(key=k, name=t.name, operator_types=(k,)) for k, t in vocabulary().operators.items())
    program = Program(
        key=request.program,
        name=request.new_program["name"],
        administration=request.new_program.get("administration") or "not stated",
        country=request.new_program["country"],
        direction="both",
        strength_words=dict(request.strength_words),
        roles=roles,
        sources={},
    )
    return program, True


def edition_key(program: str, label: str) -> str:
    """Return the key of an edition that is imported under a label."""
    return f"{program}-{label}".lower().replace(" ", "-").replace("_", "-")


def _edition_key(library: Library, program: Program, request: ImportRequest, today: date) -> str:
    label = request.edition or today.isoformat()
    key = edition_key(program.key, label)
    if not all(c.isalnum() or c in "-." for c in key):
        raise MraError(f'"{label}" is not a label. Use letters, digits, "-" and ".", for example 2026-11.')
    if key in library.editions:
        raise MraError(f"The edition {key} exists already. Give another label with --edition.")
    return key


def _previous(library: Library, program: Program, in_force: date | None) -> Edition | None:
    """Return the edition that a new one follows: the newest that no other follows, before its first day."""
    editions = [edition for edition in library.editions.values() if edition.program == program.key]
    if in_force is not None:
        editions = [e for e in editions if e.in_force.since is None or e.in_force.since < in_force]
    followed = {edition.supersedes for edition in editions}
    last = [edition for edition in editions if edition.key not in followed]
    return max(last, key=_age, default=None)


def _age(edition: Edition) -> tuple[date, str]:
    return edition.in_force.since or date.min, edition.key


def _edition(
    key: str,
    program: Program,
    request: ImportRequest,
    previous: Edition | None,
    criteria: Sequence[Criterion],
) -> Edition:
    return Edition.model_validate(
        {
            "key": key,
            "program": program.key,
            "title": f"{program.name}, imported from {request.name}",
            "label": request.edition,
            "in_force": {"from": request.in_force},
            "read": f"Imported from the spreadsheet {request.name}.",
            "direction": previous.direction if previous else program.direction,
            "completeness": {"default": "full" if request.complete else "partial"},
            # Facts about the program's law, each with its source; they hold until somebody says otherwise.
            "conditions_absent": previous.conditions_absent if previous else (),
            "supersedes": previous.key if previous else "",
            "criteria": tuple(criteria),
        }
    )


def _maps(library: Library, edition: Edition, previous: Edition | None, matches: Sequence[Match]) -> MapSet:
    kept = kept_maps(library, edition, previous, matches) if previous else Kept({})
    fresh = [key for key in _obligation_ids(edition) if key not in kept.maps]
    maps = {**kept.maps, **propose_maps(library, edition, fresh)}
    return MapSet(edition.key, maps, kept.jointly, ("imported; maps kept, stale or proposed",))


def _obligation_ids(edition: Edition) -> list[str]:
    return [
        f"{criterion.ref}.{obligation.id}"
        for criterion in edition.criteria
        for obligation in criterion.obligations
    ]


def apply_import(workspace: Path, plan: ImportPlan) -> None:
    """Write a plan to a workspace in one transaction; raise MraError where there is nothing to write."""
    if plan.refused:
        raise MraError("Nothing could be read from the file; nothing was written.")
    with locked(workspace):
        target = workspace / _folder(plan) / "edition.yaml"
        if target.exists():
            raise MraError(
                f"The edition {plan.edition.key} was written meanwhile. Give another label with --edition."
            )
        files = plan_files(plan)
        if any(layout.headers for layout in plan.layouts):
            name, folder = plan.program.key, workspace / "layouts"
            files[f"layouts/{name}.yaml"] = layouts_text(folder, name, plan.layouts)
        commit(workspace, files, f"import {plan.edition.key} from {plan.source_document}")


def _folder(plan: ImportPlan) -> str:
    program = plan.program.key.replace("-", "_")
    return f"programs/{program}/{plan.edition.key.removeprefix(plan.program.key + '-')}"


def plan_files(plan: ImportPlan) -> dict[str, str | None]:
    """Return what a plan writes: file names of a workspace with their texts."""
    folder = _folder(plan)
    parent = folder.rsplit("/", 1)[0]
    sources = {"program": plan.program.key, "sources": {plan.source_key: {"document": plan.source_document}}}
    head = plan.edition.model_dump(mode="json", by_alias=True, exclude={"criteria"}, exclude_defaults=True)
    criteria = [
        c.model_dump(mode="json", by_alias=True, exclude_defaults=True) for c in plan.edition.criteria
    ]
    files: dict[str, str | None] = {
        f"{folder}/edition.yaml": dump(head),
        f"{folder}/criteria.yaml": dump({"criteria": criteria}),
        f"{parent}/sources_{plan.source_key}.yaml": dump(sources),
        f"maps/{plan.edition.key}.yaml": dump(maps_as_plain(plan.maps)),
    }
    if plan.is_new_program:
        program = plan.program.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        files[f"{parent}/program.yaml"] = dump({"sources": {}, "strength_words": {}} | program)
    return files


def maps_as_plain(maps: MapSet) -> dict[str, Any]:
    """Return the maps of an edition as they are written to a file."""
    plain: dict[str, Any] = {}
    for obligation, entry in maps.maps.items():
        if isinstance(entry, NoControl):
            plain[obligation] = entry.model_dump(mode="json")
        elif entry:  # where nothing fits, nothing is written: the obligation waits, and the edition loads
            plain[obligation] = [one.model_dump(mode="json", exclude_defaults=True) for one in entry]
    joint = [group.model_dump(mode="json", exclude_defaults=True) for group in maps.jointly]
    return {"edition": maps.edition, "method": "; ".join(maps.methods), "maps": plain} | (
        {"jointly": joint} if joint else {}
    )


def dump(data: Any) -> str:
    """Return plain data as YAML that reads and diffs well."""
    text: str = yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=110)
    return text
