"""Split a criterion's text at its bullets, so that each clause can be met on its own.

A text is split at line starts that carry a bullet sign, or a letter or number that counts on from the
line before (a, b, c; 1, 2, 3; i, ii, iii; ①, ②). A single "1." or "a)" is no list. The text before the first
bullet is the lead that all bullets share.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_SIGN = re.compile(r"^\s*(?:[•●▪■◦‣∙⁃◆◇▶►➢➤✓✔·・※]|[*\-–—](?=\s)|o(?=\s{2,}|\t))\s*", re.UNICODE)
_COUNTED = re.compile(
    r"^\s*(?:[(（\[]\s*(?P<inner>[0-9]{1,2}|[A-Za-z]|[ivxIVX]{1,5}|[一二三四五六七八九十]{1,3}|[가-하])\s*[)）\]]"
    r"|(?P<outer>[0-9]{1,2}|[A-Za-z]|[ivxIVX]{1,5}|[一二三四五六七八九十]{1,3}|[가-하]|[أ-ي])\s*(?:[.)）、．]|\s?-)(?![0-9]))\s*",
    re.UNICODE,
)
_CIRCLED = re.compile(r"^\s*([①-⑳⑴-⒇])\s*")
_INLINE = re.compile(r"\s*[•●▪◦‣]\s*")
_ROMAN = {"i": 1, "v": 5, "x": 10}
_CHINESE = "一二三四五六七八九十"
_KOREAN = "가나다라마바사아자차카타파하"
_ARABIC = "أبجدهوزحطي"


@dataclass(frozen=True, slots=True)
class SplitText:
    """A text in clauses: `lead` before the first bullet, then the bullets without their signs.

    `bullets` is empty where the text is no list; the lead is then the whole text.
    """

    lead: str
    bullets: tuple[str, ...] = ()


@dataclass(slots=True)
class _Line:
    text: str
    sign: bool = False
    ordinals: frozenset[int] = frozenset()
    rest: str = ""


def split_bullets(text: str) -> SplitText:
    """Return a text split at its bullets."""
    lines = [_line(raw) for raw in _spread_inline(text).split("\n")]
    starts = _starts(lines)
    if not starts:
        return SplitText(text.strip())
    lead = "\n".join(line.text for line in lines[: starts[0]]).strip()
    bullets: list[str] = []
    for at, start in enumerate(starts):
        end = starts[at + 1] if at + 1 < len(starts) else len(lines)
        bullets.extend(_bullet(lines[start:end]))
    return SplitText(lead, tuple(bullet for bullet in bullets if bullet))


def _spread_inline(text: str) -> str:
    """Put bullets that stand in one line (• a • b) on lines of their own."""
    lines = []
    for line in text.split("\n"):
        if len(_INLINE.findall(line)) >= 2:
            line = _INLINE.sub("\n• ", line).strip("\n")
        lines.append(line)
    return "\n".join(lines)


def _line(raw: str) -> _Line:
    sign = _SIGN.match(raw)
    if sign:
        return _Line(raw, sign=True, rest=raw[sign.end() :])
    circled = _CIRCLED.match(raw)
    if circled:
        number = int(unicodedata.numeric(circled[1]))
        return _Line(raw, ordinals=frozenset({number}), rest=raw[circled.end() :])
    counted = _COUNTED.match(raw)
    if counted:
        mark = counted["inner"] or counted["outer"]
        return _Line(raw, ordinals=_ordinals(mark), rest=raw[counted.end() :])
    return _Line(raw)


def _ordinals(mark: str) -> frozenset[int]:
    """Return what a mark can count as: "i" is the ninth letter and the first Roman number."""
    if mark.isdecimal():
        return frozenset({int(mark)})
    lower = mark.lower()
    found: set[int] = set()
    if len(lower) == 1 and "a" <= lower <= "z":
        found.add(ord(lower) - 96)
    if all(char in _ROMAN for char in lower):
        found.add(_roman(lower))
    for letters in (_KOREAN, _ARABIC):
        if lower in letters:
            found.add(letters.index(lower) + 1)
    if all(char in _CHINESE for char in mark):
        found.add(_chinese(mark))
    return frozenset(found)


def _roman(mark: str) -> int:
    values = [_ROMAN[char] for char in mark]
    return sum(
        -value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True)
    )


def _chinese(mark: str) -> int:
    tens, ten, ones = mark.rpartition("十")
    if not ten:
        return _CHINESE.index(mark) + 1 if len(mark) == 1 else 0
    return (_CHINESE.index(tens) + 1 if tens else 1) * 10 + (_CHINESE.index(ones) + 1 if ones else 0)


def _starts(lines: list[_Line]) -> list[int]:
    """Return the lines that begin a bullet: signs, and marks that count on from 1."""
    starts = [at for at, line in enumerate(lines) if line.sign and line.rest.strip()]
    counted = [at for at, line in enumerate(lines) if line.ordinals and line.rest.strip()]
    expected, run = 1, []
    for at in counted:
        if expected in lines[at].ordinals:
            run.append(at)
            expected += 1
        elif 1 in lines[at].ordinals and len(run) < 2:
            run, expected = [at], 2
    # Where signs and numbers are mixed, the outer level is the one that comes first.
    if len(run) >= 2 and (not starts or run[0] < starts[0]):
        return run
    return starts if len(starts) >= 2 or _is_listed(lines, starts) else []


def _is_listed(lines: list[_Line], starts: list[int]) -> bool:
    """Tell whether a single bullet is a list: its sign is unmistakable or a colon leads to it."""
    if not starts:
        return False
    lead = "".join(line.text for line in lines[: starts[0]]).rstrip()
    return lead.endswith((":", "：")) or not lines[starts[0]].text.lstrip().startswith(
        ("-", "*", "–", "—", "o")
    )


def _bullet(lines: list[_Line]) -> list[str]:
    """Return one bullet with its wrapped lines; a paragraph after a blank line is a clause of its own."""
    clauses: list[list[str]] = [[lines[0].rest]]
    blank = False
    for line in lines[1:]:
        if not line.text.strip():
            blank = True
            continue
        if blank:
            clauses.append([])
            blank = False
        clauses[-1].append(line.text)
    return [" ".join(" ".join(parts).split()) for parts in clauses]
