"""The recommendation in words: the numbers behind it, and the policy row that decided."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence

from engine.findings import Finding, TrackConclusion
from engine.policy import RowModel
from engine.recommending import musts
from workbooks.report.content import Content
from workbooks.report.words import category_name, share, word

_COUNTED = {
    "similar_share": "similar",
    "addressed_share": "addressed",
    "open_share": "open",
    "critical_share": "critical",
}
MEASURES: Mapping[str, str] = {
    "similar_share": "similar (exceeds, meets, or falls short in form only)",
    "addressed_share": "addressed (similar, or partly met in any other way)",
    "open_share": "open (to be clarified, or provisional)",
    "critical": "critical gaps",
    "critical_share": "critical gaps",
    "weakest_core_share": "similar in the weakest core category",
    "prerequisite_not_met": "prerequisites not met",
    "prerequisite_not_evidenced": "prerequisites not evidenced",
    "musts": "musts that count (N)",
}
_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "==": operator.eq,
}
_SIGNS = {"<": "fewer than", ">=": "at least", ">": "more than", "<=": "at most", "==": "exactly"}


def deciding_row(content: Content, track: TrackConclusion) -> tuple[int, RowModel | None]:
    """Return the number (from 1) and the row of the policy that decided a track."""
    match = re.search(r"row (\d+)", track.rule)
    number = int(match[1]) if match else 0
    table = content.policy.get("recommendation")
    rows = table.rows if table else ()
    return number, rows[number - 1] if 0 < number <= len(rows) else None


def measure(numbers: Mapping[str, int], name: str) -> str:
    """Return a number of a track for people: "58 of 64 (90.6 %)"."""
    total = numbers["musts"]
    if name in _COUNTED:
        return share(numbers[_COUNTED[name]], total)
    if name == "critical":
        return f"{numbers['critical']} of {total}"
    if name.endswith("_share"):
        return f"{numbers[name] / 10:.1f} %"
    return str(numbers[name])


def threshold(name: str, wanted: int | str) -> str:
    """Return what a policy row asks of a number, in words: "at least 85 %"."""
    sign, _, figure = str(wanted).partition(" ") if isinstance(wanted, str) else ("==", "", str(wanted))
    shown = f"{int(figure) / 10:g} %" if name.endswith("_share") else figure
    if sign == "<" and figure == "1":
        return "none"
    return f"{_SIGNS.get(sign, sign)} {shown}"


def weakest_core(content: Content, findings: Sequence[Finding]) -> str:
    """Return the core category with the smallest share of similar musts: "Seal security 3 of 5 (60.0 %)"."""
    severity, table = content.policy.get("severity"), content.policy.get("recommendation")
    if severity is None or table is None:
        return ""
    found: list[tuple[float, str]] = []
    listed = musts(findings)
    for category in severity.groups.get("core", ()):
        members = [finding for finding in listed if finding.category == category]
        if members and len(members) >= table.core_minimum:
            similar = sum(finding.similar for finding in members)
            found.append(
                (similar / len(members), f"{category_name(category)} {share(similar, len(members))}")
            )
    return min(found, default=(0.0, ""))[1]


def why(content: Content, track: TrackConclusion) -> str:
    """Return the row that decided and the numbers that made it fit, or made the row above it miss."""
    number, row = deciding_row(content, track)
    if row is None:
        return track.rule
    if row.when:
        return f"Row {number} of the policy table fits: {_asked(track, row.when)}."
    above = content.policy["recommendation"].rows[number - 2] if number > 1 else row
    missed = {name: wanted for name, wanted in above.when.items() if not _holds(track.numbers[name], wanted)}
    better = word("recommendations", above.then.get("recommendation"))
    return (
        f"No row of the policy table above row {number} fits; row {number - 1} ({better}) misses: "
        f"{_asked(track, missed)}."
    )


def _asked(track: TrackConclusion, when: Mapping[str, int | str]) -> str:
    return "; ".join(
        f"{MEASURES.get(name, name)}: {measure(track.numbers, name)}, asked for: {threshold(name, wanted)}"
        for name, wanted in when.items()
    )


def _holds(number: int, wanted: int | str) -> bool:
    """Whether a number is as a policy row asks: an equal one, or on the right side of a threshold."""
    if isinstance(wanted, int):
        return number == wanted
    sign, _, figure = wanted.partition(" ")
    return _COMPARE[sign](number, int(figure))


def track_line(content: Content, track: TrackConclusion) -> str:
    """Return a track's recommendation and its main numbers in a line."""
    numbers = track.numbers
    return (
        "Recommendation for this track (not a decision): "
        f"{word('recommendations', track.recommendation)}. "
        f"Similar {measure(numbers, 'similar_share')} of the musts that count; "
        f"critical {numbers['critical']}; open {measure(numbers, 'open_share')}."
    )
