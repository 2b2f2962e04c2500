"""The parameters that a text states: periods, deadlines, retention, counts, named standards, written.

Each is a proposal with the words it came from; the words and patterns are those of normalising.yaml.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from criteria.dimensions import ValueProblem, parse_value
from criteria.vocabulary import vocabulary
from criteria.words import Finder, Proposed, finder, finder_of, fold, word_data


@cache
def _units() -> tuple[str, dict[str, str]]:
    names = {fold(str(word)): unit for unit, words in word_data()["units"].items() for word in words}
    ordered = sorted(names, key=len, reverse=True)
    return "|".join(re.escape(name) for name in ordered), names


@cache
def _numbers() -> tuple[str, dict[str, int]]:
    names = {
        fold(str(word)): int(number) for number, words in word_data()["numbers"].items() for word in words
    }
    ordered = sorted(names, key=len, reverse=True)
    return "|".join(re.escape(name) for name in ordered), names


_Pattern = tuple[str, str | bool | None, Finder]
_START = re.compile(r"\b\w{1,3}")
"""How a word begins, by which its patterns are found."""

# A number alone, or as contracts write it: "five (5)", "5 (five)".
_AMOUNT = r"(?:[^\W\d_]+ ?\( ?)?(\d+|%s)(?: ?\))?(?: ?\([^\W\d_]+\))?"


def _candidates(folded: str) -> tuple[_Pattern, ...]:
    """Return the patterns that a text can match; an English text is told by how its words begin."""
    if not folded.isascii():
        return _patterns()
    return _beginning_with(_telling_starts().intersection(_START.findall(folded)))


@lru_cache(maxsize=4096)
def _beginning_with(starts: frozenset[str]) -> tuple[_Pattern, ...]:
    """Return the patterns of the words that begin so, in their order."""
    places = {place for start in starts for place in _by_start()[start]}
    return tuple(_patterns()[place] for place in sorted(places))


@cache
def _telling_starts() -> frozenset[str]:
    return frozenset(_by_start())


@cache
def _by_start() -> dict[str, tuple[int, ...]]:
    """Return the places of the patterns by how one of the words they need begins."""
    found: dict[str, dict[int, None]] = {}
    for place, (_, _, one) in enumerate(_patterns()):
        for need in one.plain_needs:
            found.setdefault(_START.findall(need)[0], {})[place] = None
    return {start: tuple(places) for start, places in found.items()}


@cache
def _patterns() -> tuple[_Pattern, ...]:
    """Return dimension, fixed value, and what finds it; without a value the match holds the amount."""
    found: list[_Pattern] = []
    for row in word_data()["patterns"]:
        if "phrases" in row:
            found.append((row["dimension"], row["value"], finder_of(row["phrases"])))
        for amount in row.get("amounts", ()):
            made = (_amount_finder(amount["regex"], fold(word)) for word in amount["words"])
            found += [(row["dimension"], None, one) for one in made]
    return tuple(found)


def _amount_finder(regex: str, word: str) -> Finder:
    text = regex.replace("{n}", _AMOUNT % _numbers()[0]).replace("{unit}", rf"({_units()[0]})(?![a-zà-ÿ])")
    return finder(fold_pattern(text).replace("{word}", re.escape(word)), [word])


def fold_pattern(pattern: str) -> str:
    """Return a pattern in lower case outside its escapes, to be used on folded text."""
    return re.sub(
        r"\\.|[^\\]+", lambda m: m.group() if m.group().startswith("\\") else m.group().casefold(), pattern
    )


def parameters_in(text: str) -> list[Proposed]:
    """Return the parameters a text states: one per dimension, a figure before a vague word.

    Sets (named standards) gather all their items. Values are as they are written in data files.
    """
    folded = " ".join(fold(text).split())
    found: dict[str, Proposed] = {}
    for dimension, value, pattern in _candidates(folded):
        for match in pattern.finditer(folded):
            raw = value if value is not None else _amount(match.groups())
            if raw is not None and _valid(dimension, raw):
                found[dimension] = _merged(
                    found.get(dimension), Proposed(dimension, raw, match.group().strip())
                )
    return [found[key] for key in sorted(found)]


@lru_cache(maxsize=4096)
def _amount(matched: tuple[str | None, ...]) -> str | None:
    groups = [group for group in matched if group is not None]
    numbers = [int(g) if g.isdigit() else _numbers()[1].get(g) for g in groups]
    number = next((n for n in numbers if n is not None), None)
    unit = next((_units()[1][g] for g in groups if g in _units()[1]), None)
    if number is None:
        return None
    return f"{number} {unit}{'s' if number != 1 else ''}" if unit else str(number)


@lru_cache(maxsize=4096, typed=True)
def _valid(dimension: str, raw: str | bool) -> bool:
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
