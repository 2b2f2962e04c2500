"""What a text proposes: strength, operator types, parameters, each with the words it came from.

Words are listed in `normalising.yaml` for English, Spanish, Portuguese, French, Japanese, Korean,
Chinese and Arabic. Everything here is a proposal for a person to confirm, never a certainty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache

from criteria.model import STRENGTHS, Program, Strength
from criteria.problems import Problem, nearest_hint
from criteria.stated_parameters import parameters_in
from criteria.vocabulary import vocabulary
from criteria.words import Proposed, everybody, fold, look_alikes, word_finders

__all__ = [
    "Proposed", "category_of", "fold", "is_strength_word", "letters_of_strength", "means_everybody",
    "operator_types_in", "parameters_in", "proposals_for", "roles_in", "strength_in_text", "strength_of_cell",
]  # fmt: skip


def strength_of_cell(
    text: str, program_words: Mapping[str, Strength]
) -> tuple[Proposed | None, Problem | None]:
    """Return the strength that a cell of strength words means, or the problem that it means none.

    The program's own words win over the general list. The problem names the nearest valid words.
    """
    folded = _bare(text)
    for word, strength in program_words.items():
        if folded == _bare(word):
            return Proposed("strength", strength, text.strip()), None
    if folded in STRENGTHS:
        return Proposed("strength", folded, text.strip()), None
    for key, pattern in word_finders("strengths"):
        if pattern.pattern.fullmatch(folded):
            return Proposed("strength", key, text.strip()), None
    hits = {key for key, pattern in word_finders("strengths") if pattern.search(folded)}
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


def _bare(text: str) -> str:
    """Return a text folded, without the marks that stand around a word in a cell: "K.O.:" is "k.o"."""
    return fold(text).strip(" .:;*")


def is_strength_word(text: str) -> bool:
    """Return whether a text is a strength word and nothing else, such as "Mandatory" or "必須"."""
    folded = _bare(text)
    return folded in STRENGTHS or any(
        pattern.pattern.fullmatch(folded) for _, pattern in word_finders("strengths")
    )


def letters_of_strength(texts: Iterable[str]) -> dict[str, Strength]:
    """Return what single letters in a strength column mean, none where that is not certain.

    M is must. R, S, D and O are told by the M beside them: alone, R may be required or recommended.
    """
    letters = {text.strip() for text in texts if text.strip().upper() in _LETTERS}
    return {text: _LETTERS[text.upper()] for text in letters} if letters & {"M", "m"} else {}


_LETTERS: dict[str, Strength] = {"M": "must", "S": "should", "R": "should", "D": "should", "O": "may"}


def strength_in_text(text: str) -> Proposed | None:
    """Return the strength a requirement's own words suggest: the first word of obligation in it."""
    folded = look_alikes().sub(lambda match: " " * len(match.group()), fold(text))
    found = [
        (match.start(), key, match.group())
        for key, pattern in word_finders("strengths")
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
    for key, pattern in word_finders("operators"):
        match = pattern.search(folded)
        if match:
            found.append(Proposed("operators", key, match.group()))
    order = list(vocabulary().operators)
    return sorted(found, key=lambda one: order.index(one.value))


def category_of(texts: Iterable[str]) -> Proposed | None:
    """Return the category that headings or a category cell name; the innermost text is tried first."""
    return next((found for text in texts if (found := _category(text)) is not None), None)


@cache
def _category_names() -> dict[str, str]:
    categories = vocabulary().categories
    return {key: key for key in categories} | {fold(c.name): key for key, c in categories.items()}


@lru_cache(maxsize=4096)
def _category(text: str) -> Proposed | None:
    folded = fold(text).strip()
    if folded in _category_names():
        return Proposed("category", _category_names()[folded], text)
    hits = [
        (len(match.group()), key, match.group())
        for key, finder in word_finders("categories")
        for match in finder.finditer(folded)
    ]
    if not hits:
        return None
    _, key, words = max(hits)
    return Proposed("category", key, words)


def means_everybody(text: str) -> bool:
    """Return whether a text says that all operator types are meant."""
    return fold(text).strip(" .*") in everybody()


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


def proposals_for(text: str) -> Iterator[Proposed]:
    """Yield everything a requirement's text proposes: its strength, operator types and parameters."""
    strength = strength_in_text(text)
    if strength:
        yield strength
    yield from operator_types_in(text)
    yield from parameters_in(text)
