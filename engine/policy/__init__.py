"""Policy tables: small YAML files that turn tallies into judgements, run through the rule engine.

A table's rows are tried in order and the first that fits decides. When a policy is loaded, every
reachable vector of every table is run through the engine; a table that leaves one undecided, or has
a row that none can reach, is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from criteria.files import DataFile, key_path, locate, parse_model, parse_yaml
from criteria.model import Basis, Frozen, Names, Strength
from criteria.problems import DataError, Problem, nearest_hint
from criteria.vocabulary import vocabulary
from engine.matching import Batch, Matcher, ruleset_key
from engine.policy.vectors import REACHABLE

SHIPPED = Path(__file__).parent
TABLES = ("outcome", "verdict", "severity", "prerequisite", "recommendation")
RESULTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "outcome": {"outcome": ("met_plus", "met", "form_only", "partial", "pending", "unknown")},
    "verdict": {
        "verdict": (
            "exceeds",
            "meets",
            "partly_meets",
            "no_counterpart",
            "not_evidenced",
            "not_reviewed",
            "not_applicable",
            "out_of_scope",
        ),
        "shortfall": ("form", "substance", "unknown"),
    },
    "severity": {"severity": ("critical", "high", "medium", "low", "clarify", "none")},
    "prerequisite": {"verdict": ("met", "not_met", "not_evidenced")},
    "recommendation": {
        "recommendation": (
            "not_ready",
            "insufficient_evidence",
            "aligned",
            "aligned_with_reservations",
            "not_aligned",
        )
    },
}
_THRESHOLD = re.compile(r"^(<=|>=|<|>|==)\s*(-?\d+)$")

Vector = tuple[int | str, ...]


def _as_written(value: Any) -> Any:
    """A fraction is no whole number; it is kept as a word, to be told as one that cannot be read."""
    return str(value) if isinstance(value, float) else value


Wanted = Annotated[int | str, BeforeValidator(_as_written)]


class RowModel(Frozen):
    """One row as written: what must hold, and what then follows."""

    when: Mapping[str, Wanted]
    then: Mapping[str, str]


class Need(Frozen):
    """Something a prerequisite asks of a program: a provision on a control, or in a category.

    `without` names controls of those categories that are no evidence for it.
    """

    name: str
    controls: Names = ()
    categories: Names = ()
    without: Names = ()
    strength: Strength
    essential: bool = False


class PrerequisiteModel(Frozen):
    """A prerequisite as written: judged by its needs, or by the program's status where it has none.

    A need is met only by a provision that was read at least as well as `least_basis`.
    """

    key: str
    name: str
    asks: str
    least_basis: Basis = "unverified"
    needs: tuple[Need, ...] = ()


class TableModel(Frozen):
    """A policy file as written."""

    table: str
    about: str
    fields: Mapping[str, str]
    rows: tuple[RowModel, ...]
    groups: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    core_minimum: int = 0
    prerequisites: tuple[PrerequisiteModel, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A policy table ready to decide; `memo` keeps what the engine decided for each vector."""

    model: TableModel
    rules: tuple[dict[str, Any], ...]
    key: str
    memo: dict[Vector, Mapping[str, str]] = field(default_factory=dict, compare=False)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the vector's places, in order."""
        return tuple(self.model.fields)

    def decide_one(self, vector: Vector, matcher: Matcher) -> Mapping[str, str]:
        """Return what the table says for one vector."""
        return self.memo.get(vector) or self.decide([vector], matcher)[vector]

    def decide(self, vectors: Iterable[Vector], matcher: Matcher) -> Mapping[Vector, Mapping[str, str]]:
        """Return what the table says for each vector; each distinct one goes through the engine once."""
        fresh = sorted({vector for vector in vectors if vector not in self.memo}, key=repr)
        if fresh:
            facts = tuple(
                {"id": f"v{n}", **dict(zip(self.fields, vector, strict=True)), "any": 1}
                for n, vector in enumerate(fresh)
            )
            [firings] = matcher.match([Batch(self.rules, self.key, facts)])
            first: dict[str, int] = {}
            for rule, fact in firings:
                first[fact] = min(int(rule), first.get(fact, len(self.rules)))
            for n, vector in enumerate(fresh):
                if f"v{n}" in first:
                    self.memo[vector] = self.model.rows[first[f"v{n}"]].then
        return self.memo


@dataclass(frozen=True, slots=True)
class Policy:
    """All tables of a policy, with the hash of their content."""

    tables: Mapping[str, Table]
    digest: str
    name: str = "default"

    def group(self, category: str) -> str:
        """Return the severity group of a category: core, supporting or standard."""
        groups = self.tables["severity"].model.groups
        return next((name for name, members in sorted(groups.items()) if category in members), "standard")

    @property
    def core_minimum(self) -> int:
        """How many musts a core category needs to be looked at alone."""
        return self.tables["recommendation"].model.core_minimum


def load_policy(matcher: Matcher, folder: Path = SHIPPED) -> Policy:
    """Return the policy of a folder; raise DataError with every problem found in its files."""
    texts = tuple((name, _text(folder / f"{name}.yaml")) for name in TABLES)
    return _load(texts, folder, matcher)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        hint = f"A policy is a folder with {', '.join(f'{name}.yaml' for name in TABLES)}."
        problem = Problem("bad-policy", f"the policy file cannot be read: {why}.", hint, file=str(path))
        raise DataError([problem]) from error


KEPT = 16  # policies remembered; a server that tries out many does not grow
_loaded: dict[tuple[tuple[str, str], ...], Policy] = {}


def _load(texts: tuple[tuple[str, str], ...], folder: Path, matcher: Matcher) -> Policy:
    """Return the policy of these texts; one that was verified in this process is not verified again."""
    found = _loaded.get(texts)
    if found is None:
        found = _loaded[texts] = _verified(texts, folder, matcher)
        for oldest in list(_loaded)[:-KEPT]:
            _loaded.pop(oldest, None)
    return found


def _verified(texts: tuple[tuple[str, str], ...], folder: Path, matcher: Matcher) -> Policy:
    problems: list[Problem] = []
    tables: dict[str, Table] = {}
    for name, text in texts:
        table = _table(name, text, folder, problems)
        if table is not None:
            tables[name] = table
    for name, table in tables.items():
        problems += [_placed(problem, folder, name) for problem in _unreached(table, matcher)]
    if problems:
        raise DataError(problems)
    digest = hashlib.sha256(json.dumps(texts).encode()).hexdigest()
    return Policy(tables, digest, "default" if folder == SHIPPED else folder.name)


def _file(folder: Path, name: str, data: Any = None) -> DataFile:
    return DataFile(folder / f"{name}.yaml", f"{folder.name}/{name}.yaml", data)


def _placed(problem: Problem, folder: Path, name: str) -> Problem:
    file = _file(folder, name)
    return locate(problem.at(file=file.name), file, key_path(problem.key))


def _table(name: str, text: str, folder: Path, problems: list[Problem]) -> Table | None:
    file = _file(folder, name)
    data, faults = parse_yaml(text, file.name)
    model = None
    if not faults:
        model, faults = parse_model(TableModel, data, file)
    if model is not None:
        faults = [_placed(problem, folder, name) for problem in _faults(model, name)]
    problems += faults
    if model is None or faults:
        return None
    rules = tuple({"name": str(n), "all": [*_tests(row)]} for n, row in enumerate(model.rows))
    return Table(model, rules, ruleset_key(rules))


def _faults(model: TableModel, name: str) -> Iterator[Problem]:
    expected = REACHABLE[name].fields
    if model.table != name:
        hint = f"Write table: {name}."
        yield Problem(
            "bad-policy", f'this file must hold the table "{name}".', hint, key="table", value=model.table
        )
    if tuple(model.fields) != expected:
        hint = f"Write, in order: {', '.join(expected)}."
        yield Problem("bad-policy", "the fields are not those the program computes.", hint, key="fields")
    for n, row in enumerate(model.rows):
        yield from _unknown_each("field", row.when, expected, f"rows[{n}].when")
        yield from _value_faults(row, name, f"rows[{n}].when")
        yield from _unknown_each("result", row.then, RESULTS[name], f"rows[{n}].then")
        for key in set(row.then) & set(RESULTS[name]):
            yield from _unknown_each(key, [row.then[key]], RESULTS[name][key], f"rows[{n}].then")
    for group, members in model.groups.items():
        yield from _unknown_each("category", members, vocabulary().categories, f"groups.{group}")
    for one in model.prerequisites:
        for need in one.needs:
            yield from _unknown_each(
                "category", need.categories, vocabulary().categories, f"prerequisites.{one.key}"
            )


def _value_faults(row: RowModel, name: str, key: str) -> Iterator[Problem]:
    """Yield the values that no case can have: a misspelt word, or a threshold that cannot be read."""
    columns = dict(zip(REACHABLE[name].fields, zip(*REACHABLE[name].vectors({}), strict=True), strict=True))
    for field_name, wanted in row.when.items():
        words = {value for value in columns.get(field_name, ()) if isinstance(value, str)}
        place = f"{key}.{field_name}"
        if words and wanted not in words:
            hint = nearest_hint(str(wanted), words)
            message = f'"{wanted}" is not a value of {field_name}.'
            yield Problem("unknown-value", message, hint, key=place, value=str(wanted))
        elif field_name in columns and not words and isinstance(wanted, str) and not _THRESHOLD.match(wanted):
            message, hint = f'"{wanted}" is not a number.', 'Write a whole number, or one such as ">= 850".'
            yield Problem("bad-value", message, hint, key=place, value=wanted)


def _unknown_each(what: str, names: Iterable[str], known: Collection[str], key: str) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            message, hint = f'"{name}" is not a known {what}.', nearest_hint(name, known)
            yield Problem(f"unknown-{what}", message, hint, key=key, value=name)


def _tests(row: RowModel) -> Iterator[list[Any]]:
    yield ["any", "==", 1]
    for key, wanted in row.when.items():
        match = _THRESHOLD.match(wanted) if isinstance(wanted, str) else None
        yield [key, match[1], int(match[2])] if match else [key, "==", wanted]


def _unreached(table: Table, matcher: Matcher) -> Iterator[Problem]:
    """Yield what is wrong with a table when every reachable vector has been run through it."""
    vectors = REACHABLE[table.model.table].vectors(_thresholds(table.model))
    decided = table.decide(vectors, matcher)
    missing = [vector for vector in vectors if vector not in decided]
    if missing:
        shown = ", ".join(f"{k}: {v}" for k, v in zip(table.fields, missing[0], strict=True))
        yield Problem(
            "policy-gap",
            f"{len(missing)} reachable case(s) have no row, such as {{{shown}}}.",
            "Add a last row with when: {}.",
            key="rows",
        )
    used = {id(decided[vector]) for vector in vectors if vector in decided}
    for n, row in enumerate(table.model.rows):
        if id(row.then) not in used:
            yield Problem(
                "policy-unreachable",
                "no case can reach this row.",
                "Remove it, or move it up.",
                key=f"rows[{n}]",
            )


def _thresholds(model: TableModel) -> Mapping[str, Sequence[int]]:
    """Return, for each field compared with a number, the whole numbers on both sides of its thresholds."""
    found: dict[str, set[int]] = {}
    for row in model.rows:
        for key, wanted in row.when.items():
            match = _THRESHOLD.match(wanted) if isinstance(wanted, str) else None
            if match:
                number = int(match[2])
                found.setdefault(key, set()).update(
                    (number, number + 1) if match[1] in ("<=", ">") else (number - 1, number)
                )
    return {name: sorted(numbers) for name, numbers in found.items()}
