"""Programs and their editions from a folder of YAML files.

Layout: `<program>/program.yaml`, `<program>/sources*.yaml` (more sources), `<program>/<edition>/edition.yaml`
and, beside it, any files with a `criteria:` list. A folder laid over another (a workspace) may hold
editions of programs that the other folder defines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from criteria.checking import edition_problems, program_problems, unknown
from criteria.files import DataFile, key_path, locate, parse_model, read_yaml_tree
from criteria.model import Criterion, Edition, Obligation, Program
from criteria.problems import Problem

SHIPPED = Path(__file__).parent / "programs"


@dataclass(frozen=True, slots=True)
class Programs:
    """Programs and editions by key, with the digest of the files they came from.

    `local` are the editions of the later folders: those of a workspace. `unread` are the programs and
    editions of which something could not be read; `""` stands for one whose very key could not be read.
    """

    programs: Mapping[str, Program]
    editions: Mapping[str, Edition]
    digest: str
    local: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Tree:
    """The files of all folders, sorted by what they are."""

    programs: list[DataFile] = field(default_factory=list)
    sources: list[DataFile] = field(default_factory=list)
    editions: list[DataFile] = field(default_factory=list)
    criteria: dict[Path, list[DataFile]] = field(default_factory=dict)
    lost: set[PurePosixPath] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)

    def lacks(self, head: DataFile) -> bool:
        """Whether a file beside a program's or an edition's head could not be read."""
        return any(lost.parent == PurePosixPath(head.name).parent for lost in self.lost)

    def doubts(self, *names: str) -> bool:
        """Whether a name may be missing only because something could not be read."""
        return "" in self.unread or not self.unread.isdisjoint(names)


def load_programs(folders: Iterable[Path] = (SHIPPED,)) -> tuple[Programs, list[Problem]]:
    """Load every program and edition below the folders; later folders lie over earlier ones.

    Returns what could be loaded and every problem found, each with file, key and cure.
    """
    tree, problems, digests = _Tree(), [], []
    base, *over = tuple(folders)
    for number, folder in enumerate((base, *over)):
        files, faults, digest = read_yaml_tree(
            folder, "criteria/programs/" if number == 0 else f"{folder.name}/"
        )
        problems += faults
        digests.append(digest)
        tree.lost |= {PurePosixPath(fault.file) for fault in faults}
        problems += _sort(files, tree)
    if any(lost.name in ("program.yaml", "edition.yaml") for lost in tree.lost):
        tree.unread.add("")
    programs = _programs(tree, problems)
    editions = _editions(tree, programs, problems)
    problems += _current_editions(tree, programs, editions)
    local = {_key(head) for head in tree.editions if any(head.path.is_relative_to(folder) for folder in over)}
    made = Programs(
        programs, editions, "+".join(digests), frozenset(local & set(editions)), frozenset(tree.unread)
    )
    return made, problems


def _current_editions(
    tree: _Tree, programs: Mapping[str, Program], editions: Mapping[str, Edition]
) -> Iterator[Problem]:
    files = {_key(file): file for file in tree.programs}
    for program in programs.values():
        current = program.current_edition
        if current and current not in editions and not tree.doubts(current):
            problem = unknown("edition", program.current_edition, editions, "current_edition")
            yield _found_in(problem, files[program.key])


def _found_in(problem: Problem, file: DataFile) -> Problem:
    """Return the problem with the file, and the line of its key there."""
    return locate(problem.at(file=file.name), file, key_path(problem.key))


def _key(head: DataFile) -> str:
    return str(head.data.get("key", "")) if isinstance(head.data, dict) else ""


def _sort(files: Iterable[DataFile], tree: _Tree) -> list[Problem]:
    problems = []
    for file in files:
        stem = PurePosixPath(file.name).name
        if stem == "program.yaml":
            tree.programs.append(file)
        elif stem.startswith("sources"):
            tree.sources.append(file)
        elif stem == "edition.yaml":
            tree.editions.append(file)
        elif isinstance(file.data, dict) and set(file.data) == {"criteria"}:
            tree.criteria.setdefault(file.path.parent, []).append(file)
        else:
            hint = "Put a criteria: list in it, or see docs/encoding.md for the other files."
            problem = Problem("unknown-file", "this file holds no criteria: list.", hint)
            problems.append(_found_in(problem, file))
    return problems


def _programs(tree: _Tree, problems: list[Problem]) -> dict[str, Program]:
    # Sources belong to the program file beside them, or to the program they name (in a workspace).
    more: dict[Path | str, dict[str, Any]] = {}
    for file in tree.sources:
        found = file.data if isinstance(file.data, dict) else {}
        more.setdefault(found.get("program") or file.path.parent, {}).update(found.get("sources") or {})
    programs: dict[str, Program] = {}
    for file in tree.programs:
        data = file.data
        if isinstance(data, dict):
            extra = {**more.get(file.path.parent, {}), **more.get(str(data.get("key", "")), {})}
            data = {**data, "sources": {**(data.get("sources") or {}), **extra}}
        program, faults = parse_model(Program, data, file)
        problems += faults
        if program is None:
            tree.unread.add(_key(file))
            continue
        if program.key in programs:
            message = f'the program "{program.key}" is defined twice.'
            problems.append(_found_in(Problem("duplicate-program", message, "Keep one.", key="key"), file))
        programs[program.key] = program
        problems += [_found_in(problem, file) for problem in program_problems(program)]
    return programs


def _editions(tree: _Tree, programs: Mapping[str, Program], problems: list[Problem]) -> dict[str, Edition]:
    problems += _without_head(tree)
    editions: dict[str, Edition] = {}
    for head in tree.editions:
        edition = _edition(head, tree, programs, problems)
        if edition is None:
            continue
        if edition.key in editions:
            message = f'the edition "{edition.key}" is defined twice.'
            problems.append(_found_in(Problem("duplicate-edition", message, "Keep one.", key="key"), head))
        else:
            editions[edition.key] = edition
    return editions


def _without_head(tree: _Tree) -> Iterator[Problem]:
    heads = {file.path.parent for file in tree.editions}
    for folder, files in tree.criteria.items():
        if folder not in heads and not tree.lacks(files[0]):
            yield _found_in(
                Problem("no-edition", "there is no edition.yaml beside this file.", "Add one."), files[0]
            )


def _edition(
    head: DataFile, tree: _Tree, programs: Mapping[str, Program], problems: list[Problem]
) -> Edition | None:
    edition, faults = parse_model(Edition, head.data, head)
    criteria, where, more = _criteria(tree.criteria.get(head.path.parent, []))
    problems += [*faults, *more]
    if faults or more or tree.lacks(head):
        tree.unread.add(_key(head))
    if edition is None:
        return None
    program = programs.get(edition.program)
    if program is None:
        if not tree.doubts(edition.program):
            problems.append(_found_in(unknown("program", edition.program, programs, "program"), head))
        tree.unread.add(edition.key)
        return None
    edition = edition.model_copy(update={"criteria": criteria})
    problems += [_placed(problem, head, where) for problem in edition_problems(edition, program)]
    return edition


def _criteria(
    files: Iterable[DataFile],
) -> tuple[tuple[Criterion, ...], dict[str, tuple[DataFile, int]], list[Problem]]:
    problems: list[Problem] = []
    criteria: list[Criterion] = []
    where: dict[str, tuple[DataFile, int]] = {}
    for file in files:
        rows = file.data["criteria"]
        if not isinstance(rows, list):
            hint = "Write a list of criteria below criteria:."
            problem = Problem("wrong-type", "criteria must be a list.", hint, key="criteria")
            problems.append(_found_in(problem, file))
            continue
        for index, row in enumerate(rows):
            criterion, faults = parse_model(Criterion, row, file, ("criteria", index))
            problems += faults
            if criterion is not None:
                where[criterion.ref] = (file, index)
                criteria.append(with_obligations(criterion))
    return tuple(criteria), where, problems


def with_obligations(criterion: Criterion) -> Criterion:
    """Return the criterion with at least one obligation: its statement, where none is listed."""
    if criterion.obligations:
        return criterion
    whole = Obligation(id="a", text=criterion.title or criterion.statement)
    return criterion.model_copy(update={"obligations": (whole,)})


def _placed(problem: Problem, head: DataFile, where: Mapping[str, tuple[DataFile, int]]) -> Problem:
    ref, _, key = problem.key.rpartition(": ")
    if ref not in where:
        return _found_in(problem, head)
    file, index = where[ref]
    return locate(problem.at(file=file.name), file, ["criteria", index, *_in_row(file, index, key)])


def _in_row(file: DataFile, index: int, key: str) -> list[str | int]:
    """Return the path below a criterion: problems name an obligation by its id, the file by its place."""
    path = key_path(key)
    if len(path) < 2 or path[0] != "obligations":
        return path
    ids = [one.get("id") for one in file.data["criteria"][index].get("obligations", ())]
    return ["obligations", ids.index(path[1]), *path[2:]] if path[1] in ids else path
