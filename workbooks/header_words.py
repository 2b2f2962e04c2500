"""The words that head columns, in eight languages, and how well a header matches them.

The lists are in headers.yaml. Matching ignores capitals, accents, punctuation and line breaks. A word is
looked for inside a longer header only if it is long enough not to be there by accident: "id" is inside
"seguridad".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from rapidfuzz import fuzz, process

Field = Literal[
    "ref",
    "category",
    "section",
    "requirement",
    "translation",
    "strength",
    "operators",
    "evidence",
    "parameters",
    "notes",
]
FIELDS: tuple[str, ...] = get_args(Field)
"""The fields of a criterion that a column can hold."""

_FILE = Path(__file__).with_name("headers.yaml")
_LATIN = re.compile(r"^[\x00-\u024f]*$")
_SEPARATORS = re.compile(r"[^\w#%]+|_", re.UNICODE)
_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "ـ": ""})
_LONGEST_HEADER = 120
_CLOSE = 88
"""Least similarity (0 to 100) of a misspelt header to a word."""


@dataclass(frozen=True, slots=True)
class Match:
    """How well a header fits a field: score from 0 to 100, and the word of the list that it matched."""

    field: str
    score: float
    word: str
    weak: bool = False


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    field: str
    original: str
    weak: bool


def normalised(text: str) -> str:
    """Return a text for comparing: NFKC, lower case, no accents, no punctuation, single spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_ARABIC)
    if folded.isascii():
        plain = folded
    elif _LATIN.match(folded) is None and not any(ord(char) < 0x250 and char.isalpha() for char in folded):
        plain = "".join(char for char in folded if not 0x064B <= ord(char) <= 0x0652)
    else:
        plain = _without_accents(folded)
    return " ".join(_SEPARATORS.sub(" ", plain).split())


def _without_accents(text: str) -> str:
    """Drop accents from Latin letters only: in Japanese a mark makes another syllable."""
    return "".join(
        unicodedata.normalize("NFD", char)[0] if 0xC0 <= ord(char) < 0x250 else char
        for char in text
        if not 0x0300 <= ord(char) <= 0x036F and not 0x064B <= ord(char) <= 0x0652
    )


@lru_cache(maxsize=1)
def _lists() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return loaded


@lru_cache(maxsize=1)
def _words() -> tuple[_Word, ...]:
    found: dict[tuple[str, str], _Word] = {}
    for field, entry in _lists()["fields"].items():
        for kind in ("words", "weak"):
            by_language = entry.get(kind) or {}
            for word in chain.from_iterable(by_language.values()):
                text = normalised(word) or word.casefold()
                found.setdefault((text, field), _Word(text, field, word, kind == "weak"))
    return tuple(found.values())


@lru_cache(maxsize=1)
def _exact() -> dict[str, tuple[_Word, ...]]:
    by_text: dict[str, tuple[_Word, ...]] = {}
    for word in _words():
        by_text[word.text] = (*by_text.get(word.text, ()), word)
    return by_text


def _is_long_enough(text: str) -> bool:
    return len(text) >= (5 if _LATIN.match(text) else 2)


@lru_cache(maxsize=1)
def _long_words() -> dict[str, tuple[_Word, ...]]:
    return {text: words for text, words in _exact().items() if _is_long_enough(text)}


@lru_cache(maxsize=8192)
def match_header(text: str) -> tuple[Match, ...]:
    """Return how well a header fits each field it fits at all, the best first."""
    plain = normalised(text) or text.strip().casefold()
    if not plain or len(plain) > _LONGEST_HEADER:
        return ()
    best: dict[str, Match] = {}
    for match in (*_exact_matches(plain), *_inside_matches(plain), *_close_matches(plain)):
        known = best.get(match.field)
        if known is None or match.score > known.score:
            best[match.field] = match
    return tuple(sorted(best.values(), key=lambda m: (-m.score, FIELDS.index(m.field))))


def _exact_matches(plain: str) -> Iterable[Match]:
    return [_match(word, 100.0) for word in _exact().get(plain, ())]


def _inside_matches(plain: str) -> Iterable[Match]:
    """Match words that stand inside a longer header; the more of it they fill, the better."""
    latin = _LATIN.match(plain) is not None
    padded = f" {plain} "
    for text, words in _long_words().items():
        if len(text) >= len(plain) or text not in plain:
            continue
        if latin and f" {text} " not in padded:
            continue
        score = 50.0 + 45.0 * len(text) / len(plain)
        yield from (_match(word, score) for word in words)


def _close_matches(plain: str) -> Iterable[Match]:
    """Match misspelt words: the whole header, or the word inside it."""
    if not _is_long_enough(plain) or not _LATIN.match(plain):
        return
    long_words = _long_words()
    for text, ratio, _ in process.extract(
        plain, long_words.keys(), scorer=fuzz.ratio, score_cutoff=_CLOSE, limit=5
    ):
        yield from (_match(word, ratio - 5.0) for word in long_words[text])
    if len(plain) <= 60:
        inside = process.extract(
            plain, _latin_long_words(), scorer=fuzz.partial_ratio, score_cutoff=_CLOSE + 2, limit=5
        )
        for text, ratio, _ in inside:
            if len(text) < len(plain):
                score = 50.0 + 0.35 * ratio * len(text) / len(plain)
                yield from (_match(word, score) for word in long_words[text])


@lru_cache(maxsize=1)
def _latin_long_words() -> tuple[str, ...]:
    """Return words of eight letters or more: shorter ones are too easily found misspelt inside others."""
    return tuple(text for text in _long_words() if _LATIN.match(text) and len(text) >= 8)


def _match(word: _Word, score: float) -> Match:
    return Match(word.field, round(score - (20.0 if word.weak else 0.0), 1), word.original, word.weak)


def field_title(field: str) -> str:
    """Return a field's name for people."""
    return str(_lists()["fields"][field]["title"])


@lru_cache(maxsize=1)
def _operator_words() -> tuple[tuple[str, frozenset[str]], ...]:
    """Return each word with the operator types it names, the longest first."""
    entries = [([operator], languages) for operator, languages in _lists()["operators"].items()]
    entries += [(entry["types"], entry["words"]) for entry in _lists()["operators_of_any_kind"]]
    found: dict[str, set[str]] = {}
    for operators, languages in entries:
        for word in chain.from_iterable(languages.values()):
            found.setdefault(normalised(word), set()).update(operators)
    return tuple((word, frozenset(found[word])) for word in sorted(found, key=lambda w: (-len(w), w)))


@lru_cache(maxsize=4096)
def operator_types(text: str) -> tuple[str, ...]:
    """Return the keys of the operator types that a sheet name or header names, sorted.

    A longer word hides the shorter ones inside it: "customs broker" is no other broker.
    """
    plain = f" {normalised(text)} "
    found: set[str] = set()
    for word, operators in _operator_words():
        whole = f" {word} " if _LATIN.match(word) else word
        if whole in plain:
            found |= operators
            plain = plain.replace(whole, " | ")
    return tuple(sorted(found))


@lru_cache(maxsize=1024)
def is_cover_name(name: str) -> bool:
    """Return whether a sheet's name is that of a sheet without criteria."""
    plain = normalised(name)
    words = {normalised(word) for language in _lists()["covers"].values() for word in language}
    return plain in words or re.sub(r"[\s\d]+$", "", plain) in words


@lru_cache(maxsize=1)
def _ticks() -> tuple[frozenset[str], frozenset[str]]:
    lists = _lists()
    return frozenset(t.casefold() for t in lists["ticks"]), frozenset(t.casefold() for t in lists["no_ticks"])


def tick(text: str, with_circles: bool = False) -> bool | None:
    """Return True for a tick, False for a mark that says no, None for any other text.

    In a column that also has circles, as in Japan and Korea, a cross says no (`with_circles`).
    """
    yes, no = _ticks()
    plain = text.strip().casefold()
    if with_circles and plain == "x":
        return False
    if plain in yes:
        return True
    return False if plain in no else None


def is_circle(text: str) -> bool:
    """Return whether a mark is a circle."""
    return text.strip().casefold() in ("o", "○", "◯", "◎", "●")
