"""A comparison as plain data: the shape that `--json`, the API and the store share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.findings import (
    Comparison,
    Evidence,
    Finding,
    ObligationFinding,
    Reason,
    ReverseRow,
    Tally,
    TrackConclusion,
)
from engine.wording import reason_words

Plain = dict[str, Any]


def comparison_as_dict(comparison: Comparison) -> Plain:
    """Return the whole comparison; `criterion` and `provision` are the references of the sources."""
    return {
        "id": comparison.id,
        "as_of": comparison.as_of.isoformat(),
        "scope": dict(comparison.scope),
        "policy": dict(comparison.policy),
        "versions": dict(comparison.versions),
        "baseline": comparison.baseline,
        "foreign": comparison.foreign,
        "summary": tally_as_dict(comparison.summary),
        "categories": {key: tally_as_dict(tally) for key, tally in comparison.categories.items()},
        "operators": {key: tally_as_dict(tally) for key, tally in comparison.operators.items()},
        "conclusion": _conclusion(comparison),
        "prerequisites": [
            {
                "key": one.key,
                "name": one.name,
                "verdict": one.verdict,
                "reasons": list(one.reasons),
                "facts": list(one.facts),
                "sources": list(one.sources),
                "basis": one.basis,
            }
            for one in comparison.prerequisites
        ],
        "findings": [finding_as_dict(finding) for finding in comparison.findings],
        "reverse": [reverse_as_dict(row) for row in comparison.reverse if row.kind != "matched"],
        "warnings": list(comparison.warnings),
    }


def tally_as_dict(tally: Tally) -> Plain:
    """Return counts by verdict, with `provisional` and `total`."""
    return {**tally.counts, "provisional": tally.provisional, "total": tally.total}


def _conclusion(comparison: Comparison) -> Plain:
    tracks: Mapping[str, TrackConclusion | None] = {
        "criteria": comparison.conclusion.criteria,
        "validation": comparison.conclusion.validation,
    }
    return {
        **{name: track.recommendation if track else None for name, track in tracks.items()},
        "overall": comparison.conclusion.overall,
        "tallies": {name: dict(track.numbers) for name, track in tracks.items() if track},
        "rules": {name: track.rule for name, track in tracks.items() if track},
        "notes": list(comparison.conclusion.notes),
    }


def finding_as_dict(finding: Finding) -> Plain:
    """Return one finding with its obligations and evidence."""
    return {
        "criterion": finding.criterion,
        "title": finding.title,
        "text": finding.text,
        "category": finding.category,
        "strength": finding.strength,
        "verdict": finding.verdict,
        "shortfall": finding.shortfall,
        "provisional": finding.provisional,
        "counted": finding.counted,
        "unnumbered": finding.unnumbered,
        "reasons": [reason_as_dict(reason) for reason in finding.reasons],
        "common": list(finding.common),
        "missing": list(finding.missing),
        "extra": list(finding.extra),
        "severity": finding.severity,
        "if_absent": finding.if_absent,
        "question": finding.question,
        "site_check": finding.site_check,
        "basis": finding.basis,
        "source": {**finding.source, "basis": finding.baseline_basis},
        "notes": list(finding.notes),
        "obligations": [obligation_as_dict(one) for one in finding.obligations],
        "operators": dict(finding.operators),
        "operators_unverified": list(finding.operators_unverified),
        "evidence": [evidence_as_dict(one) for one in finding.evidence],
    }


def obligation_as_dict(one: ObligationFinding) -> Plain:
    """Return one obligation's outcome, the path that carries it, and why."""
    return {
        "id": one.id,
        "text": one.text,
        "strength": one.strength,
        "core": one.core,
        "outcome": one.outcome,
        "path": one.path,
        "reasons": [reason_as_dict(reason) for reason in one.reasons],
        "rules": [rule for evidence in one.evidence for rule in evidence.rules],
        "also": [
            {
                "provision": e.provision,
                "control": e.control,
                "relationship": e.relationship,
                "outcome": e.path,
            }
            for e in one.others
        ],
    }


def reason_as_dict(reason: Reason) -> Plain:
    """Return a reason's code and sides, and the reason in words."""
    found = {
        "code": reason.code,
        "kind": reason.kind,
        "obligation": reason.obligation,
        "dimension": reason.dimension,
        "baseline": reason.baseline,
        "foreign": reason.foreign,
    }
    return {key: value for key, value in found.items() if value} | {"words": reason_words(reason)}


def evidence_as_dict(one: Evidence) -> Plain:
    """Return a foreign provision behind a finding, with its source and basis."""
    return {
        "provision": one.provision,
        "obligation": one.obligation,
        "text": one.text,
        "strength": one.strength,
        "instrument": one.instrument,
        "parameters": dict(one.parameters),
        "control": one.control,
        "relationship": one.relationship,
        "rationale": one.rationale,
        "confidence": one.confidence,
        "map_status": one.map_status,
        "basis": one.basis,
        "source": dict(one.source),
    }


def reverse_as_dict(row: ReverseRow) -> Plain:
    """Return a foreign provision that the baseline has nothing for, and why."""
    return {
        "provision": row.provision,
        "title": row.title,
        "text": row.text,
        "category": row.category,
        "strength": row.strength,
        "class": row.kind,
        "note": row.note,
        "basis": row.basis,
        "source": dict(row.source),
    }
