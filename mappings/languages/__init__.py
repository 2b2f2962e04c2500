"""What the suggestions know of languages: function words, words of strength, and a glossary.

All of it is data in the YAML files beside this module. The language of a text is told by its script
and, in Latin letters, by its function words.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

_LATIN = ("en", "es", "pt", "fr")
_SCRIPTS = (
    (("ja",), re.compile(r"[\u3040-\u30ff]")),
    (("ko",), re.compile(r"[\u1100-\u11ff\uac00-\ud7af]")),
    (("ar",), re.compile(r"[\u0600-\u06ff]")),
    (("zh", "ja"), re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")),
)
_WORD = re.compile(r"[^\W\d_]+")
# English, too, has "a", "do" and "as": an accent settles a tie.
_ACCENTED = re.compile(r"[\u00c0-\u017f]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One concept of the glossary: its English words, and how each language's terms are found."""

    english: str
    patterns: Mapping[str, re.Pattern[str]]


@lru_cache(maxsize=32768)
def folded(text: str) -> str:
    """Return the text in lower case without accents (Latin letters only lose theirs)."""
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(c for c in parts if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", bare)


def _read(name: str) -> Any:
    return yaml.safe_load(files(__name__).joinpath(name).read_text(encoding="utf-8"))


@cache
def function_words() -> Mapping[str, frozenset[str]]:
    """Return the words that say nothing about a subject, by language."""
    return {lang: frozenset(folded(text).split()) for lang, text in _read("function_words.yaml").items()}


@cache
def any_function_word() -> frozenset[str]:
    """Return the function words of all languages together."""
    return frozenset().union(*function_words().values())


def either(terms: Sequence[str], *, whole: bool) -> re.Pattern[str]:
    """Return the pattern that finds any of the terms; one in Latin letters has to start a word."""
    parts = []
    for term in sorted({folded(t.strip()) for t in terms if t.strip()}, key=lambda t: (-len(t), t)):
        latin = term[0].isascii()
        parts.append((r"\b" if latin else "") + re.escape(term) + (r"\b" if latin and whole else ""))
    return re.compile("|".join(parts))


@cache
def glossary() -> tuple[Entry, ...]:
    """Return the concepts of the glossary in the order of the file."""
    return tuple(
        Entry(e["en"], {k: either(v, whole=False) for k, v in e.items() if k != "en"})
        for e in _read("glossary.yaml")
    )


@cache
def strength_words() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the kinds of strength in the order they are read, with the words that show each."""
    return tuple((e["kind"], either(e["words"].split("|"), whole=True)) for e in _read("strength.yaml"))


@cache
def quantities() -> Mapping[str, Any]:
    """Return the words by which texts state periods and numbers (quantities.yaml)."""
    read: Mapping[str, Any] = _read("quantities.yaml")
    return read


def languages_of(text: str) -> tuple[str, ...]:
    """Return the languages a text may be in; none where nothing tells. Han without kana may be two."""
    for languages, script in _SCRIPTS:
        if script.search(text):
            return languages
    counted = Counter(folded(w) for w in _WORD.findall(text))
    hits = {lang: sum(counted[w] for w in function_words()[lang]) for lang in _LATIN}
    most = max(hits.values())
    if not most:
        return ()
    best = tuple(lang for lang in _LATIN if hits[lang] == most)
    foreign = tuple(lang for lang in best if lang != "en")
    return ("en",) if "en" in best and not (foreign and _ACCENTED.search(text)) else foreign


def with_english(texts: Sequence[str]) -> list[str]:
    """Return each foreign text with the English words of the glossary terms it holds added.

    A text whose language cannot be told is taken for the language most of the others are in.
    """
    told = [languages_of(t) for t in texts]
    common = Counter(languages for languages in told if languages)
    usual = min(common, key=lambda k: (-common[k], k)) if common else ()
    return [_add_english(t, languages or usual) for t, languages in zip(texts, told, strict=True)]


def _add_english(text: str, languages: Sequence[str]) -> str:
    if languages == ("en",) or not languages:
        return text
    plain = folded(text)
    found = [
        entry.english
        for entry in glossary()
        if any(lang in entry.patterns and entry.patterns[lang].search(plain) for lang in languages)
    ]
    return f"{text} . {' '.join(found)}" if found else text
