"""The words of a requirement in any script, and what a text is read together with.

Used by the suggestion methods only. Nothing here knows a language's grammar: words are runs of
letters, function words are listed, and a stem is the first letters of a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mappings.languages import any_function_word, folded

# Texts of fewer words than this are titles: they are read together with the heading above them.
TITLE_WORDS = 12
# A heading longer than this says what the chapter asks, not what it is called; its start is enough.
HEADING_WORDS = 12
STEM_LETTERS = 6
# A piece between two full stops that is shorter than this is an abbreviation, not a sentence.
SENTENCE_LETTERS = 9

_WORD = re.compile(r"[^\W_]+")
_HAN_KANA = r"\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNSPACED = re.compile(f"[{_HAN_KANA}]+|[^{_HAN_KANA}]+")
_HIRAGANA = re.compile(r"[\u3040-\u309f]+")
_IS_UNSPACED = re.compile(f"[{_HAN_KANA}]")
_SENTENCE_END = re.compile(r"(?<=[.;:。；])\s*(?=\S)")
_ID_PARENT = re.compile(r"(.+)[^\w]+\w+$")


@dataclass(frozen=True, slots=True)
class Text:
    """A requirement or control to compare: `text` is what it says, `heading` what it stands under.

    Where `heading` is empty, the text of the nearest parent id in the same list serves
    (`PR.AC` for `PR.AC-1`, `6.2` for `6.2.a`).
    """

    id: str
    text: str
    heading: str = ""


def normalised(text: str) -> str:
    """Return the form in which two texts count as the same: width, case, spaces, final dots ignored."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(" .;。．；")


def bigrams(run: str) -> list[str]:
    """Return the pairs of neighbouring signs of an unspaced run (the run itself if it is shorter)."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def words(text: str, split: Callable[[str], Iterable[str]] = bigrams) -> list[str]:
    """Return the content words in order, in lower case; `split` cuts runs of Han and kana."""
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if not _IS_UNSPACED.search(word):
            found.append(word)
            continue
        for run in _UNSPACED.findall(word):
            found.extend(split(run) if _IS_UNSPACED.search(run) else [run])
    empty = any_function_word()
    return [w for w in found if folded(w) not in empty and not _HIRAGANA.fullmatch(w)]


def stem(word: str) -> str:
    """Return the first letters of a word: enough to join its forms, in any language."""
    return folded(word)[:STEM_LETTERS]


def views(text: str) -> list[str]:
    """Return the text and, where it has several, each of its sentences (a name counts as one)."""
    parts = [p.strip() for p in _SENTENCE_END.split(text)]
    return [text, *(p for p in parts if len(p) >= SENTENCE_LETTERS and p != text)]


def in_context(texts: Sequence[Text]) -> list[str]:
    """Return each text as it is compared: titles together with their heading, the others alone."""
    by_id = {t.id: t.text for t in texts}
    return [_with_heading(t, t.heading or _parent_text(t.id, by_id)) for t in texts]


def _with_heading(text: Text, heading: str) -> str:
    heading = _short_heading(text.id, heading)
    if not heading or len(words(text.text)) >= TITLE_WORDS or len(text.text.split()) >= TITLE_WORDS:
        return text.text
    return f"{text.text.rstrip(' .')}. {heading}"


def _short_heading(text_id: str, heading: str) -> str:
    """Return the last step of a path `A > B`, without its reference number, cut to a title."""
    last = heading.split(" > ")[-1].strip()
    first, _, rest = last.partition(" ")
    if rest and text_id.startswith(first):
        last = rest
    return " ".join(re.split(r"[.:;]\s", last)[0].split()[:HEADING_WORDS])


def _parent_text(text_id: str, by_id: dict[str, str]) -> str:
    while match := _ID_PARENT.match(text_id):
        text_id = match[1]
        if text_id in by_id:
            return by_id[text_id]
    return ""
