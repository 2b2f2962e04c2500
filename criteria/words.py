"""The words of normalising.yaml, folded and found fast: most texts hold few of them.

A list is tried with its pattern only where one of its words is in the text at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

from criteria.files import parse_yaml


@dataclass(frozen=True, slots=True)
class Proposed:
    """A value proposed from a text: for which field or dimension, and the words it came from."""

    field: str
    value: Any
    words: str


def fold(text: str) -> str:
    """Return a text in one form: full-width letters and Arabic digits as plain ones, lower case."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c for c in plain)


@dataclass(frozen=True, slots=True)
class Finder:
    """A pattern, and the words of which one is in whatever it matches."""

    pattern: re.Pattern[str]
    needs: tuple[str, ...] = ()
    # Those of them that an English text can hold: most texts are then tried against few words.
    plain_needs: tuple[str, ...] = ()

    def search(self, folded: str) -> re.Match[str] | None:
        """Return the first match in a folded text."""
        for word in self.plain_needs if folded.isascii() else self.needs:
            if word in folded:
                return self.pattern.search(folded)
        return None

    def finditer(self, folded: str) -> Iterable[re.Match[str]]:
        """Return every match in a folded text."""
        for word in self.plain_needs if folded.isascii() else self.needs:
            if word in folded:
                return self.pattern.finditer(folded)
        return ()


@cache
def word_data() -> dict[str, Any]:
    """Return normalising.yaml as it stands."""
    text = files("criteria").joinpath("normalising.yaml").read_text(encoding="utf-8")
    data, problems = parse_yaml(text, "criteria/normalising.yaml")
    if problems:
        raise ValueError("; ".join(str(problem) for problem in problems))
    return cast(dict[str, Any], data)


def _spaced(word: str) -> bool:
    """Whether a word is of a script that puts spaces between words."""
    return not any(ord(char) > 0x2E7F for char in word)


def _word_pattern(folded: str) -> str:
    escaped = re.escape(folded)
    return rf"(?<!\w){escaped}(?!\w)" if _spaced(folded) else escaped


def finder_of(words: Iterable[object]) -> Finder:
    """Return what finds any of some words; longer ones are tried first."""
    folded = sorted({fold(str(word)) for word in words}, key=lambda word: (-len(word), word))
    return finder("|".join(map(_word_pattern, folded)), folded)


def finder(pattern: str, needs: Iterable[str]) -> Finder:
    """Return a pattern as a finder; `needs` are folded words of which one is in whatever it matches."""
    words = tuple(needs)
    return Finder(re.compile(pattern), words, tuple(word for word in words if word.isascii()))


@cache
def word_finders(table: str) -> tuple[tuple[str, Finder], ...]:
    """Return each key of a table with what finds its words."""
    return tuple((str(key), finder_of(words)) for key, words in word_data()[table].items())


@cache
def look_alikes() -> re.Pattern[str]:
    """Return the pattern of longer words that hold a strength word without its meaning."""
    return re.compile("|".join(re.escape(fold(word)) for word in word_data()["look_alikes"]))


@cache
def everybody() -> frozenset[str]:
    """Return the folded texts by which a cell says that all operator types are meant."""
    return frozenset(fold(str(word)) for word in word_data()["everybody"])
