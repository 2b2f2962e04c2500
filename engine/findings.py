"""What a comparison says: findings per criterion and obligation, with reasons and evidence.

Every judgement is a value with its reason. The closed lists are those of VERDICTS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

OUTCOMES: Final = ("met_plus", "met", "form_only", "partial", "pending", "unknown", "absent")
OUTCOME_RANK: Final[Mapping[str, int]] = {name: rank for rank, name in enumerate(OUTCOMES)}
SET_ASIDE: Final = frozenset({"out_of_scope", "not_applicable"})
VERDICTS: Final = (
    "exceeds", "meets", "partly_meets", "no_counterpart", "not_evidenced", "not_reviewed", "not_applicable",
    "out_of_scope",
)  # fmt: skip
# From the highest to the lowest, for "would be lower without its unverified provisions".
VERDICT_ORDER: Final[Mapping[str, int]] = {
    "exceeds": 5, "meets": 4, "partly_meets": 3, "not_reviewed": 2, "not_evidenced": 1, "no_counterpart": 0,
    "not_applicable": 9, "out_of_scope": 9,
}  # fmt: skip
SEVERITIES: Final = ("critical", "high", "medium", "low", "clarify", "none")

ReasonKind = Literal["shortfall", "reservation", "surplus"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A coded cause of a judgement: what fell short, what is reserved, what goes further.

    `baseline` and `foreign` are the two sides in words ("12 months", "not stated").
    """

    code: str
    kind: ReasonKind = "shortfall"
    dimension: str = ""
    baseline: str = ""
    foreign: str = ""
    obligation: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A foreign provision behind a judgement, with its source and how well that was read."""

    provision: str
    obligation: str
    text: str
    strength: str
    instrument: str
    parameters: Mapping[str, str]
    control: str
    relationship: str
    rationale: str
    confidence: str
    map_status: str
    basis: str
    source: Mapping[str, str]
    rules: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True)
class ObligationFinding:
    """The judgement on one obligation: its outcome (VERDICTS V4), the path that carries it, and why.

    `evidence` is that path; `others` are all further provisions that touch the obligation, each with
    the outcome it alone would give in `path`.
    """

    id: str
    text: str
    strength: str
    core: bool
    outcome: str
    path: str
    reasons: tuple[Reason, ...]
    common: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    operators: Mapping[str, str]
    others: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """The judgement on one baseline criterion (VERDICTS V5), with the obligations below it."""

    criterion: str
    title: str
    text: str
    category: str
    strength: str
    verdict: str
    shortfall: str | None
    provisional: bool
    counted: bool
    unnumbered: bool
    reasons: tuple[Reason, ...]
    common: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    severity: str
    if_absent: str
    question: str
    site_check: str
    basis: str
    baseline_basis: str
    source: Mapping[str, str]
    operators: Mapping[str, str]
    operators_unverified: tuple[str, ...]
    obligations: tuple[ObligationFinding, ...]
    notes: tuple[str, ...] = ()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Every provision behind the finding, each once."""
        found: dict[tuple[str, str], Evidence] = {}
        for obligation in self.obligations:
            for one in obligation.evidence:
                found.setdefault((one.obligation, one.control), one)
        return tuple(found.values())

    @property
    def similar(self) -> bool:
        """Whether the criterion counts as similar for the recommendation (VERDICTS V7)."""
        return self.verdict in ("exceeds", "meets") or (
            self.verdict == "partly_meets" and self.shortfall == "form"
        )


@dataclass(frozen=True, slots=True)
class ReverseRow:
    """A foreign criterion seen from its own side: what the baseline has for it, or why nothing."""

    provision: str
    title: str
    text: str
    category: str
    strength: str
    kind: str
    matched: tuple[str, ...]
    note: str
    basis: str
    source: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by verdict among `total` criteria; `provisional` of them rest on unverified text."""

    counts: Mapping[str, int]
    provisional: int
    total: int


@dataclass(frozen=True, slots=True)
class TrackConclusion:
    """The recommendation for one track (criteria, validation) with the numbers behind it."""

    recommendation: str
    numbers: Mapping[str, int]
    rule: str


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """One of the three prerequisites before phase 1: met, not met, or not evidenced, and why."""

    key: str
    name: str
    verdict: str
    reasons: tuple[str, ...]
    facts: tuple[str, ...]
    sources: tuple[str, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The recommendation for phase 1, per track and overall; never a decision."""

    criteria: TrackConclusion | None
    validation: TrackConclusion | None
    overall: str | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A baseline edition against a foreign one, on a date, under a policy. `id` hashes all inputs."""

    id: str
    as_of: date
    scope: Mapping[str, object]
    policy: Mapping[str, str]
    versions: Mapping[str, str]
    baseline: str
    foreign: str
    findings: tuple[Finding, ...]
    reverse: tuple[ReverseRow, ...]
    summary: Tally
    categories: Mapping[str, Tally]
    operators: Mapping[str, Tally]
    prerequisites: tuple[Prerequisite, ...]
    conclusion: Conclusion
    warnings: tuple[str, ...] = ()
