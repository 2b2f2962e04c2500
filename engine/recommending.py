"""The recommendation for phase 1, from the tallies of each track (VERDICTS V7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from engine.findings import Conclusion, Finding, Prerequisite, Tally, TrackConclusion
from engine.matching import Matcher
from engine.policy import Policy

WORSE = ("aligned", "aligned_with_reservations", "insufficient_evidence", "not_aligned", "not_ready")
VALIDATION = "validation"


def tally(findings: Iterable[Finding]) -> Tally:
    """Return the counts by verdict; verdicts that do not occur are left out."""
    listed = list(findings)
    counts = Counter(finding.verdict for finding in listed)
    return Tally(dict(sorted(counts.items())), sum(finding.provisional for finding in listed), len(listed))


def musts(findings: Iterable[Finding]) -> list[Finding]:
    """Return what counts as N: the applicable, in-scope must criteria."""
    return [
        f
        for f in findings
        if f.strength == "must" and f.counted and f.verdict not in ("not_applicable", "out_of_scope")
    ]


def track_numbers(
    findings: Sequence[Finding], prerequisites: Sequence[Prerequisite], policy: Policy
) -> dict[str, int]:
    """Return the numbers a track is judged by; shares are in thousandths of N."""
    listed = musts(findings)
    total = len(listed)
    similar = sum(f.similar for f in listed)
    addressed = similar + sum(f.verdict == "partly_meets" and not f.similar for f in listed)
    critical = sum(f.severity == "critical" for f in listed)
    unclear = sum(f.severity == "clarify" or f.provisional for f in listed)
    return {
        "prerequisite_not_met": sum(p.verdict == "not_met" for p in prerequisites),
        "prerequisite_not_evidenced": sum(p.verdict == "not_evidenced" for p in prerequisites),
        "musts": total,
        "open_share": _up(unclear, total),
        "similar_share": _down(similar, total),
        "addressed_share": _down(addressed, total),
        "critical": critical,
        "critical_share": _up(critical, total),
        "weakest_core_share": _weakest_core(listed, policy),
        "similar": similar,
        "addressed": addressed,
        "open": unclear,
    }


def _down(part: int, total: int) -> int:
    return 1000 * part // total if total else 0


def _up(part: int, total: int) -> int:
    return -(-1000 * part // total) if total else 0


def _weakest_core(listed: Sequence[Finding], policy: Policy) -> int:
    shares = []
    for category in sorted({finding.category for finding in listed}):
        members = [finding for finding in listed if finding.category == category]
        if policy.group(category) == "core" and len(members) >= policy.core_minimum:
            shares.append(_down(sum(finding.similar for finding in members), len(members)))
    return min(shares, default=1000)


def conclude(
    findings: Sequence[Finding], prerequisites: Sequence[Prerequisite], policy: Policy, matcher: Matcher
) -> Conclusion:
    """Return the recommendation per track and overall: the worse of the two, None until both exist."""
    tracks = {
        "criteria": [finding for finding in findings if finding.category != VALIDATION],
        "validation": [finding for finding in findings if finding.category == VALIDATION],
    }
    made = {
        name: _track(listed, prerequisites, policy, matcher) if listed else None
        for name, listed in tracks.items()
    }
    known = [track.recommendation for track in made.values() if track]
    overall = max(known, key=WORSE.index) if len(known) == len(made) else None
    return Conclusion(made["criteria"], made["validation"], overall)


def _track(
    findings: Sequence[Finding], prerequisites: Sequence[Prerequisite], policy: Policy, matcher: Matcher
) -> TrackConclusion:
    numbers = track_numbers(findings, prerequisites, policy)
    table = policy.tables["recommendation"]
    vector = tuple(numbers[name] for name in table.fields)
    result = table.decide([vector], matcher)[vector]
    row = next(n for n, row in enumerate(table.model.rows) if row.then is result)
    return TrackConclusion(result["recommendation"], numbers, f"recommendation.yaml row {row + 1}")
