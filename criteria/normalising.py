"""What a text proposes: strength, operator types, parameters, each with the words it came from.

Words are listed in `normalising.yaml` for English, Spanish, Portuguese, French, Japanese, Korean,
Chinese and Arabic. Everything here is a proposal for a person to confirm, never a certainty.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

from criteria.dimensions import ValueProblem, parse_value
from criteria.files import parse_yaml
from criteria.model import STRENGTHS, Program, Strength
from criteria.problems import Problem, nearest_hint
from criteria.vocabulary import vocabulary


@dataclass(frozen=True, slots=True)
class Proposed:
    """A value proposed from a text: for which field or dimension, and the words it came from."""

    field: str
    value: Any
    words: str


def fold(text: str) -> str:
    """Return a text in one form: full-width letters and Arabic digits as plain ones, lower case."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c for c in plain)


@cache
def _data() -> dict[str, Any]:
    text = files("criteria").joinpath("normalising.yaml").read_text(encoding="utf-8")
    data, problems = parse_yaml(text, "criteria/normalising.yaml")
    if problems:
        raise ValueError("; ".join(str(problem) for problem in problems))
    return cast(dict[str, Any], data)


def _spaced(word: str) -> bool:
    """Whether a word is of a script that puts spaces between words."""
    return not any(ord(char) > 0x2E7F for char in word)


def _word_pattern(word: str) -> str:
    folded = re.escape(fold(word))
    return rf"(?<!\w){folded}(?!\w)" if _spaced(word) else folded


@cache
def _word_finder(table: str) -> list[tuple[str, re.Pattern[str]]]:
    """Return (key, pattern of its words) of a table; longer words are tried first."""
    found = []
    for key, words in _data()[table].items():
        ordered = sorted((str(word) for word in words), key=len, reverse=True)
        found.append((str(key), re.compile("|".join(_word_pattern(word) for word in ordered))))
    return found


@cache
def _look_alikes() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(fold(word)) for word in _data()["look_alikes"]))


def strength_of_cell(
    text: str, program_words: Mapping[str, Strength]
) -> tuple[Proposed | None, Problem | None]:
    """Return the strength that a cell of strength words means, or the problem that it means none.

    The program's own words win over the general list. The problem names the nearest valid words.
    """
    folded = fold(text).strip(" .:;*")
    for word, strength in program_words.items():
        if folded == fold(word):
            return Proposed("strength", strength, text.strip()), None
    for key, pattern in _word_finder("strengths"):
        if pattern.fullmatch(folded):
            return Proposed("strength", key, text.strip()), None
    hits = {key for key, pattern in _word_finder("strengths") if pattern.search(folded)}
    if len(hits) == 1:
        return Proposed("strength", hits.pop(), text.strip()), None
    known = (*program_words, *STRENGTHS)
    problem = Problem(
        "unknown-strength",
        f'"{text.strip()}" is not a strength.',
        nearest_hint(text.strip() if len(text.strip()) > 2 else "", known),  # nothing is near to a letter
        field="strength",
        value=text.strip(),
    )
    return None, problem


def is_strength_word(text: str) -> bool:
    """Return whether a text is a strength word and nothing else, such as "Mandatory" or "必須"."""
    folded = fold(text).strip(" .:;*")
    return any(pattern.fullmatch(folded) for _, pattern in _word_finder("strengths"))


def letters_of_strength(texts: Iterable[str]) -> dict[str, Strength]:
    """Return what single letters in a strength column mean, none where that is not certain.

    M is must. R, S, D and O are told by the M beside them: alone, R may be required or recommended.
    """
    letters = {text.strip() for text in texts if text.strip().upper() in _LETTERS}
    return {text: _LETTERS[text.upper()] for text in letters} if letters & {"M", "m"} else {}


_LETTERS: dict[str, Strength] = {"M": "must", "S": "should", "R": "should", "D": "should", "O": "may"}


def strength_in_text(text: str) -> Proposed | None:
    """Return the strength a requirement's own words suggest: the first word of obligation in it."""
    folded = _look_alikes().sub(lambda match: " " * len(match.group()), fold(text))
    found = [
        (match.start(), key, match.group())
        for key, pattern in _word_finder("strengths")
        for match in [pattern.search(folded)]
        if match
    ]
    if not found:
        return None
    _, key, words = min(found)
    return Proposed("strength", key, words)


def operator_types_in(text: str) -> list[Proposed]:
    """Return the shared operator types a text names, in the order of the shared list."""
    folded, found = fold(text), []
    for key, pattern in _word_finder("operators"):
        match = pattern.search(folded)
        if match:
            found.append(Proposed("operators", key, match.group()))
    order = list(vocabulary().operators)
    return sorted(found, key=lambda one: order.index(one.value))


def category_of(texts: Iterable[str]) -> Proposed | None:
    """Return the category that headings or a category cell name; the innermost text is tried first."""
    names = {fold(c.name): key for key, c in vocabulary().categories.items()}
    for text in texts:
        folded = fold(text).strip()
        if folded in names or folded in vocabulary().categories:
            return Proposed("category", names.get(folded, folded), text)
        hits = [
            (len(match.group()), key, match.group())
            for key, pattern in _word_finder("categories")
            for match in pattern.finditer(folded)
        ]
        if hits:
            _, key, words = max(hits)
            return Proposed("category", key, words)
    return None


def means_everybody(text: str) -> bool:
    """Return whether a text says that all operator types are meant."""
    return fold(text).strip(" .*") in _everybody()


@cache
def _everybody() -> frozenset[str]:
    return frozenset(fold(str(word)) for word in _data()["everybody"])


def roles_in(text: str, program: Program) -> tuple[list[Proposed], list[str]]:
    """Return the program's roles that a cell names, and the parts of the cell that name none.

    A part is matched with the roles' keys and names first, then with the shared operator types.
    """
    if means_everybody(text):
        return [Proposed("operators", "all", text.strip())], []
    names = {
        fold(name): role.key
        for role in program.roles
        for name in (role.key, role.key.replace("_", " "), role.name)
    }
    found: dict[str, Proposed] = {}
    unmatched = []
    for part in filter(None, (p.strip() for p in re.split(r"[,;/\n、，；・|]| and | y | e | et ", text))):
        role = names.get(fold(part)) or names.get(fold(part).rstrip("s"))
        roles = (
            [role] if role else [r for one in operator_types_in(part) for r in _roles_of(program, one.value)]
        )
        if not roles:
            unmatched.append(part)
        for key in roles:
            found.setdefault(key, Proposed("operators", key, part))
    return list(found.values()), unmatched


def _roles_of(program: Program, operator: str) -> list[str]:
    return [role.key for role in program.roles if operator in role.operator_types]


@cache
def _units() -> tuple[str, dict[str, str]]:
    names = {fold(str(word)): unit for unit, words in _data()["units"].items() for word in words}
    ordered = sorted(names, key=len, reverse=True)
    return "|".join(re.escape(name) for name in ordered), names


@cache
def _numbers() -> tuple[str, dict[str, int]]:
    names = {fold(str(word)): int(number) for number, words in _data()["numbers"].items() for word in words}
    ordered = sorted(names, key=len, reverse=True)
    return "|".join(re.escape(name) for name in ordered), names


# A number alone, or as contracts write it: "five (5)", "5 (five)".
_AMOUNT = r"(?:[^\W\d_]+ ?\( ?)?(\d+|%s)(?: ?\))?(?: ?\([^\W\d_]+\))?"


@cache
def _patterns() -> list[tuple[str, str | bool | None, re.Pattern[str]]]:
    unit, number = _units()[0], _numbers()[0]
    found: list[tuple[str, str | bool | None, re.Pattern[str]]] = []
    for row in _data()["patterns"]:
        if "phrases" in row:
            phrases = sorted((str(phrase) for phrase in row["phrases"]), key=len, reverse=True)
            found.append(
                (row["dimension"], row["value"], re.compile("|".join(_word_pattern(p) for p in phrases)))
            )
            continue
        # Each alternative has its own number and unit; whichever matched is the one that is not None.
        text = row["regex"].replace("{n}", _AMOUNT % number).replace("{unit}", rf"({unit})(?![a-zà-ÿ])")
        found.append((row["dimension"], None, re.compile(fold_pattern(text))))
    return found


def fold_pattern(pattern: str) -> str:
    """Return a pattern in lower case outside its escapes, to be used on folded text."""
    return re.sub(
        r"\\.|[^\\]+", lambda m: m.group() if m.group().startswith("\\") else m.group().casefold(), pattern
    )


def parameters_in(text: str) -> list[Proposed]:
    """Return the parameters a text states: one per dimension, a figure before a vague word.

    Sets (named standards) gather all their items. Values are as they are written in data files.
    """
    folded = fold(text)
    found: dict[str, Proposed] = {}
    for dimension, value, pattern in _patterns():
        for match in pattern.finditer(folded):
            raw = value if value is not None else _amount(match)
            if raw is not None and _valid(dimension, raw):
                found[dimension] = _merged(
                    found.get(dimension), Proposed(dimension, raw, match.group().strip())
                )
    return [found[key] for key in sorted(found)]


def _amount(match: re.Match[str]) -> str | None:
    groups = [group for group in match.groups() if group is not None]
    numbers = [int(g) if g.isdigit() else _numbers()[1].get(g) for g in groups]
    number = next((n for n in numbers if n is not None), None)
    unit = next((_units()[1][g] for g in groups if g in _units()[1]), None)
    if number is None:
        return None
    return f"{number} {unit}{'s' if number != 1 else ''}" if unit else str(number)


def _valid(dimension: str, raw: object) -> bool:
    known = vocabulary().dimensions[dimension]
    try:
        parse_value(known, [raw] if known.kind == "set" else raw)
    except ValueProblem:
        return False
    return True


def _merged(before: Proposed | None, new: Proposed) -> Proposed:
    known = vocabulary().dimensions[new.field]
    if known.kind == "set":
        items = [*(before.value if before else ()), new.value]
        words = f"{before.words}; {new.words}" if before and new.words not in before.words else new.words
        return Proposed(new.field, list(dict.fromkeys(items)), words)
    if before is None or before.value == "vague":
        return new
    return before


def proposals_for(text: str) -> Iterator[Proposed]:
    """Yield everything a requirement's text proposes: its strength, operator types and parameters."""
    strength = strength_in_text(text)
    if strength:
        yield strength
    yield from operator_types_in(text)
    yield from parameters_in(text)
