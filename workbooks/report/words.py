"""The words a report is written in, from `words.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from criteria.files import parse_yaml
from criteria.model import Edition, Program
from criteria.vocabulary import vocabulary


def shipped_yaml(name: str) -> Any:
    """Return the content of a YAML file beside this module."""
    text = files("workbooks.report").joinpath(name).read_text(encoding="utf-8")
    data, problems = parse_yaml(text, f"workbooks/report/{name}")
    if problems:
        raise ValueError(str(problems[0]))
    return data


@cache
def words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return every list of words: list → key → name, short, meaning."""
    found: Mapping[str, Mapping[str, Mapping[str, str]]] = shipped_yaml("words.yaml")
    return found


def word(kind: str, key: str | None, form: str = "name") -> str:
    """Return the word for a key of a list ("verdicts", "partly_meets"); a key without one is read aloud."""
    if not key:
        return ""
    entry = words()[kind].get(key, {})
    return entry.get(form) or entry.get("name") or key.replace("_", " ")


def category_name(key: str) -> str:
    """Return the name of a category."""
    known = vocabulary().categories.get(key)
    return known.name if known else key.replace("_", " ")


def operator_name(key: str) -> str:
    """Return the name of an operator type."""
    known = vocabulary().operators.get(key)
    return known.name if known else key.replace("_", " ")


def dimension_name(key: str) -> str:
    """Return the name of a dimension within a sentence."""
    known = vocabulary().dimensions.get(key)
    return known.name[:1].lower() + known.name[1:] if known else key.replace("_", " ")


def parameters_text(parameters: Mapping[str, str]) -> str:
    """Return parameters as "interval of review or repetition: 12 months; written procedure: yes"."""
    return "; ".join(f"{dimension_name(key)}: {value}" for key, value in parameters.items())


def program_name(program: Program) -> str:
    """Return the short name of a program, or its full one."""
    return program.short_name or program.name


def edition_name(program: Program, edition: Edition) -> str:
    """Return program and edition in a few words: "C-TPAT 2019/2020"."""
    return f"{program_name(program)} {edition.label or edition.key}"


def bullets(lines: Iterable[str]) -> str:
    """Return lines as a list within a cell; a single one stands alone."""
    listed = [line.strip() for line in lines if line.strip()]
    return listed[0] if len(listed) == 1 else "\n".join(f"• {line}" for line in listed)


def share(part: int, total: int) -> str:
    """Return "58 of 64 (90.6 %)"; rounded down, so that a threshold never looks passed."""
    return f"{part} of {total} ({1000 * part // total / 10:.1f} %)" if total else "0 of 0"
