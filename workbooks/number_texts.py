"""A number or date as the spreadsheet shows it, so that a reference "1.10" does not become 1.1."""

from __future__ import annotations

import datetime as dt
import re

_ZEROS = re.compile(r"^(?P<int>[#0,?]+)(?:\.(?P<frac>[0#?]+))?(?P<percent>%?)$")
_LITERALS = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]')


def number_text(value: float | int, number_format: str = "") -> str:
    """Return a number in its cell's format, as far as the format is digits, commas, a point or percent.

    Any other format gives the plain number with at most 15 digits, which is what a spreadsheet keeps.
    """
    first = number_format.split(";")[0]
    bare, before, after = _strip_literals(first)
    match = _ZEROS.match(bare)
    if not match or bare == "":
        return plain_number(value)
    scaled = value * 100 if match["percent"] else value
    fraction = match["frac"] or ""
    text = f"{abs(scaled):,.{len(fraction)}f}" if "," in match["int"] else f"{abs(scaled):.{len(fraction)}f}"
    text = _trim_optional(text, fraction)
    whole, point, rest = text.partition(".")
    whole = whole.zfill(match["int"].count("0"))
    sign = "-" if scaled < 0 else ""
    return f"{sign}{before}{whole}{point}{rest}{match['percent']}{after}"


def plain_number(value: float | int) -> str:
    """Return a number without a format: no exponent below 1e15, no trailing zeros."""
    if isinstance(value, int):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}"


def date_text(value: dt.date | dt.time | dt.timedelta) -> str:
    """Return a date as YYYY-MM-DD, with the time of day where there is one."""
    if isinstance(value, dt.datetime):
        at_midnight = value.time() == dt.time(0)
        return value.date().isoformat() if at_midnight else value.isoformat(" ", "seconds")
    if isinstance(value, dt.timedelta):
        return str(value)
    return value.isoformat()


def _strip_literals(number_format: str) -> tuple[str, str, str]:
    """Return a format's digits, and the literal texts before and after them."""
    before: list[str] = []
    after: list[str] = []
    digits: list[str] = []
    at = 0
    for match in _LITERALS.finditer(number_format):
        digits.append(number_format[at : match.start()])
        at = match.end()
        literal = match.group(1) or match.group(2) or ""
        (after if "".join(digits).strip() else before).append(literal)
    digits.append(number_format[at:])
    return "".join(digits).strip(), "".join(before), "".join(after)


def _trim_optional(text: str, fraction: str) -> str:
    """Drop zeros at the end that the format shows only when needed ("0.0#")."""
    optional = len(fraction) - len(fraction.rstrip("#?"))
    for _ in range(optional):
        text = text.removesuffix("0")
    return text.rstrip(".") if optional == len(fraction) else text
