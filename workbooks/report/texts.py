"""Text for cells: made safe, cut where Excel cannot hold it, and measured for row heights."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

EXCEL_TEXT_LIMIT: Final = 32_767
"""The most a cell can hold, in UTF-16 code units."""

# C0 and C1 controls except line feed, lone surrogates, non-characters, and the marks that reverse the
# reading order of what follows them: none is text, and each can break a file or hide something.
_UNSAFE: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")

# Advance widths in twentieths of the font size, of a wide sans-serif: rows are then tall enough
# whatever font stands in for the report's own.
_CLASSES: Final = {
    6: " ,.IJijl'", 7: "-/:;\\f|", 8: "!()[]rt", 9: '"', 10: "*_`sz", 11: "?Lc", 12: "FPTYaekovxy",
    13: "$0123456789EKSbdghnpqu{}", 14: "ABCRVXZ", 15: "DGHNU", 16: "&OQw", 17: "#+<=>M^~",
    19: "%m", 20: "@W",
}  # fmt: skip
_ADVANCE: Final = {char: width for width, chars in _CLASSES.items() for char in chars}
_OTHER, _WIDE = 13, 20
# Pixels of text that fit a column unit. A unit is 7 pixels, a digit of the report's font; the widths above
# are those of a font a sixth wider, with which the unit grows as well.
_UNIT: Final = 7.8
_SPACE: Final = _ADVANCE[" "]


def safe(text: str) -> str:
    """Return a text that a cell can hold: line feeds as line ends, what is no text replaced."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return cut(_UNSAFE.sub("\ufffd", plain))


def cut(text: str, limit: int = EXCEL_TEXT_LIMIT) -> str:
    """Return a text of at most `limit` UTF-16 code units; what was left out is said at its end."""
    if len(text) * 2 <= limit or _units(text) <= limit:
        return text
    note = f" … [cut: the full text has {len(text):,} characters]"
    kept = text[: limit - len(note)]
    while _units(kept) > limit - len(note):
        kept = kept[: limit - len(note) - (_units(kept) - len(kept))]
    return kept + note


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def like_a_formula(text: str) -> bool:
    """Whether a spreadsheet program could take a text for a formula when it is typed in again."""
    return text.startswith(_FORMULA_STARTS)


@lru_cache(maxsize=4096)
def _word_width(word: str) -> int:
    return sum(_ADVANCE.get(char) or _rare_width(char) for char in word)


def _rare_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return _WIDE if unicodedata.east_asian_width(char) in "WF" else _OTHER


def line_count(text: str, width: float, size: float = 9) -> int:
    """Return how many lines a wrapped text takes in a column.

    `width` is in Excel's column units (7 pixels each), `size` in points. East-asian wide characters
    count as two.
    """
    room = max(int(width * _UNIT * 0.75 / size * 20), _WIDE)
    return sum(_wrapped(line, room) for line in text.split("\n"))


def _wrapped(line: str, room: int) -> int:
    """Return the lines a paragraph takes; words wider than a line, and east-asian text, break anywhere."""
    lines, used = 1, 0
    for word in line.split(" "):
        width = _word_width(word)
        if used and used + _SPACE + width > room:
            lines, used = lines + 1, 0
        if width > room:
            lines += width // room
            used = width % room
        else:
            used += width + (_SPACE if used else 0)
    return lines


def shorten(text: str, width: float, most: int, note: str, size: float = 9) -> str:
    """Return a text that takes at most `most` lines; a longer one ends with `note`."""
    if line_count(text, width, size) <= most:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (
            (middle, high) if line_count(f"{text[:middle]}{note}", width, size) <= most else (low, middle - 1)
        )
    head, space, last = text[:low].rpartition(" ")
    return f"{head.rstrip() if space and len(last) < 30 else text[:low]}{note}"
