"""Strict YAML files: duplicate keys refused, every fault named with file, key, line and cure.

Parsed data is kept in a cache keyed by the files' content, because libyaml needs about a second for
the whole library and JSON a few milliseconds. `MRA_CACHE_DIR` names the folder; `off` switches it off.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from criteria.problems import Problem, nearest_hint

Model = TypeVar("Model", bound=BaseModel)

_FORMAT = "2"  # changes whenever what the cache holds changes


@dataclass(frozen=True, slots=True)
class DataFile:
    """A YAML file of the library: its path, its name for people, and what it holds."""

    path: Path
    name: str
    data: Any


class _Loader(yaml.CSafeLoader):
    """The C form of the safe loader, which also refuses a key given twice."""


def _refused(what: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, what, node.start_mark)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise _refused("a key must be a plain word", key_node)
        if key in found:
            raise _refused(f'the key "{key}" is given twice', key_node)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


def _day(loader: _Loader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError as error:
        raise _refused(f'"{node.value}" is not a date', node) from error


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _day)
_CURES = {"given twice": "Keep one of the two.", "not a date": "Write a day that exists, as YYYY-MM-DD."}


def parse_yaml(text: str, name: str) -> tuple[Any, list[Problem]]:
    """Return what a YAML text holds, and its faults (then the data is None)."""
    try:
        return yaml.load(text, Loader=_Loader), []  # noqa: S506 - a subclass of the C safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        cures = (cure for words, cure in _CURES.items() if words in str(error.problem))
        cure = next(cures, "Check the indentation, colons and quotes there.")
        return None, [Problem("bad-yaml", f"{error.problem}.", cure, file=name, line=line)]
    except yaml.YAMLError as error:
        return None, [Problem("bad-yaml", f"{error}.", "Save the file as UTF-8 text.", file=name)]


def cache_folder() -> Path | None:
    """Return the folder for cached data, or None where caching is switched off."""
    chosen = os.environ.get("MRA_CACHE_DIR", "")
    if chosen == "off":
        return None
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "mutual-recognition"


def read_yaml_tree(folder: Path, label: str = "") -> tuple[list[DataFile], list[Problem], str]:
    """Read every YAML file below a folder, sorted by path.

    Returns the files, their faults, and the SHA-256 of all names and contents.
    """
    paths = sorted(p for p in folder.rglob("*.yaml") if p.is_file() and not p.name.startswith("."))
    digest = hashlib.sha256(_FORMAT.encode())
    texts: list[tuple[Path, str, bytes]] = []
    for path in paths:
        name = f"{label}{path.relative_to(folder).as_posix()}"
        content = path.read_bytes()
        texts.append((path, name, content))
        digest.update(f"\0{name}\0{len(content)}\0".encode())
        digest.update(content)
    key = digest.hexdigest()
    cached = _cache_read(key)
    if cached is not None:
        return [DataFile(path, name, cached[name]) for path, name, _ in texts], [], key
    files, problems = [], []
    for path, name, content in texts:
        data, faults = _parse_bytes(content, name)
        problems += faults
        if not faults:
            files.append(DataFile(path, name, data))
    if not problems:
        _cache_write(key, {file.name: file.data for file in files})
    return files, problems, key


def _parse_bytes(content: bytes, name: str) -> tuple[Any, list[Problem]]:
    try:
        return parse_yaml(content.decode("utf-8"), name)
    except UnicodeDecodeError as error:
        return None, [
            Problem(
                "not-utf8", f"not UTF-8 text at byte {error.start}.", "Save the file as UTF-8.", file=name
            )
        ]


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} cannot be cached")


def _cache_read(key: str) -> dict[str, Any] | None:
    folder = cache_folder()
    if folder is None:
        return None
    try:
        found: dict[str, Any] = json.loads((folder / f"{key}.json").read_bytes())
    except (OSError, ValueError):
        return None
    return found


def _cache_write(key: str, data: dict[str, Any]) -> None:
    folder = cache_folder()
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(data, out, default=_plain, ensure_ascii=False)
        Path(temporary).replace(folder / f"{key}.json")
        _cache_trim(folder)
    except (OSError, TypeError):
        return


def _cache_trim(folder: Path, keep: int = 40) -> None:
    files = sorted(folder.glob("*.json"), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in files[keep:]:
        old.unlink(missing_ok=True)


def parse_model(
    model: type[Model], data: Any, file: DataFile, at: Sequence[str | int] = ()
) -> tuple[Model | None, list[Problem]]:
    """Return `data` as a model, or every fault in it with its key path below `at`."""
    if not isinstance(data, dict):
        problem = Problem("wrong-type", *_KEYS, file=file.name, key=_dotted(at))
        return None, [locate(problem, file, at)]
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, [_problem(model, item, file, at) for item in error.errors(include_url=False)]


def _problem(model: type[BaseModel], error: Any, file: DataFile, at: Sequence[str | int]) -> Problem:
    loc = tuple(part for part in error["loc"] if not (isinstance(part, str) and part.endswith("]")))
    path = (*at, *loc)
    kind = error["type"]
    value = "" if isinstance(error["input"], dict | list) else str(error["input"])
    if kind == "extra_forbidden":
        message, hint, code = (
            f'"{loc[-1]}" is not a key here.',
            nearest_hint(str(loc[-1]), _fields(model, loc[:-1])),
            "unknown-key",
        )
    elif kind == "missing":
        message, hint, code = f'"{loc[-1]}" is missing.', "Add it.", "missing-key"
    elif kind in ("literal_error", "enum"):
        known = [part.strip(" '") for part in error["ctx"]["expected"].replace(" or ", ",").split(",")]
        message, hint, code = (
            f'"{value}" is not a value of {loc[-1]}.',
            nearest_hint(value, known),
            "unknown-value",
        )
    else:
        message, hint = _in_words(kind, error["msg"])
        code = "wrong-type" if kind in _WRONG_TYPE else "bad-value"
    problem = Problem(code, message, hint, file=file.name, key=_dotted(path), value=value)
    return locate(problem, file, path)


_TEXT = "Write plain text; in quotes where it looks like a number, a date or a list."
_LIST = ("a list is expected here.", "Write [one, two], or one item a line, each after a dash.")
_DAY = ("a day is expected here.", "Write it as YYYY-MM-DD.")
_KEYS = ("keys are expected here.", "Write each as key: value, one a line.")
_WRONG_TYPE: Mapping[str, tuple[str, str]] = {
    "string_type": ("text is expected here.", _TEXT),
    "tuple_type": _LIST,
    "list_type": _LIST,
    "model_type": _KEYS,
    "dict_type": _KEYS,
    "mapping_type": _KEYS,
    "bool_type": ("true or false is expected here.", "Write one of them, without quotes."),
    "int_type": ("a whole number is expected here.", "Write it without quotes."),
    "date_type": _DAY,
}
_BAD_VALUE: Mapping[str, tuple[str, str]] = {
    "string_too_short": ("this must not be empty.", "Write a text."),
    "bool_parsing": ("true or false is expected here.", "Write one of them, without quotes."),
    "int_parsing": ("a whole number is expected here.", "Write it without quotes."),
    "union_tag_not_found": ("this is neither a list nor a mapping of keys.", "Write one of the two."),
}


def _in_words(kind: str, told: str) -> tuple[str, str]:
    """Return what is wrong with a value, and the cure, in words that need no knowledge of the checker."""
    if kind.startswith("date_from"):
        return _DAY
    if kind in _WRONG_TYPE or kind in _BAD_VALUE:
        return _WRONG_TYPE.get(kind) or _BAD_VALUE[kind]
    message, _, hint = told.removeprefix("Value error, ").partition("; ")
    return f"{message}.", f"{hint[:1].upper()}{hint[1:]}." if hint else "Correct it."


def _fields(model: type[BaseModel], loc: Iterable[str | int]) -> list[str]:
    current: Any = model
    for part in loc:
        if (
            isinstance(part, str)
            and isinstance(current, type)
            and issubclass(current, BaseModel)
            and part in current.model_fields
        ):
            current = _inner(current.model_fields[part].annotation)
    if isinstance(current, type) and issubclass(current, BaseModel):
        return [field.alias or name for name, field in current.model_fields.items()]
    return []


def _inner(annotation: Any) -> Any:
    """Return the model inside a container or optional annotation."""
    for part in get_args(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
        if get_origin(part) in (tuple, list, dict, Union, UnionType):
            return _inner(part)
    return annotation


def _dotted(path: Iterable[str | int]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def key_path(dotted: str) -> list[str | int]:
    """Return the parts of a key path as problems write it: `roles[2].name` is roles, 2, name."""
    parts = re.findall(r"[^.\[\]]+|\[\d+\]", dotted)
    return [int(part[1:-1]) if part.startswith("[") else part for part in parts]


def locate(problem: Problem, file: DataFile, path: Sequence[str | int]) -> Problem:
    """Return the problem with the line of the key path in its file (or of the nearest key above)."""
    try:
        node = _composed(file.path, file.path.stat().st_mtime_ns)
    except (OSError, ValueError, yaml.YAMLError):
        return problem
    line = node.start_mark.line + 1 if node else 1
    for part in path:
        mark, node = _child(node, part)
        if mark is None:
            break
        line = mark.line + 1
    return problem.at(line=line)


@lru_cache(maxsize=4)
def _composed(path: Path, changed: int) -> yaml.Node | None:
    """Return a file's nodes with their lines; kept, for a file with one problem often has more."""
    node: yaml.Node | None = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return node


def _child(node: yaml.Node | None, part: str | int) -> tuple[yaml.Mark | None, yaml.Node | None]:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark, node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark, value
    return None, None
