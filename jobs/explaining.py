"""How one verdict follows: obligation → control → provisions → rules fired → reasons → policy → verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.findings import Comparison, Evidence, Finding, ObligationFinding
from engine.policy import Policy
from engine.presenting import finding_as_dict
from engine.wording import reason_words
from jobs.comparing import finding_of
from mappings.library import Library
from mappings.model import NoControl


def explain_finding(
    library: Library, comparison: Comparison, criterion: str, policy: Policy
) -> dict[str, Any]:
    """Return a finding as data, with `lines` that tell how it follows."""
    finding = finding_of(comparison, criterion)
    return {
        "baseline": comparison.baseline,
        "foreign": comparison.foreign,
        "as_of": comparison.as_of.isoformat(),
        "finding": finding_as_dict(finding),
        "policy": {"name": policy.name, "digest": policy.digest},
        "lines": list(_lines(library, comparison, finding)),
    }


def _lines(library: Library, comparison: Comparison, finding: Finding) -> Iterator[str]:
    shortfall = f" ({finding.shortfall})" if finding.shortfall else ""
    yield f"{comparison.baseline} {finding.criterion}  {finding.title}"
    yield f"  {finding.text}"
    yield f"  strength {finding.strength}; basis {finding.baseline_basis}; source {_source(finding.source)}"
    yield ""
    provisional = ", provisional" if finding.provisional else ""
    yield f"Verdict: {finding.verdict.replace('_', ' ')}{shortfall}{provisional}"
    absent = f" (if absent: {finding.if_absent})" if finding.if_absent else ""
    yield f"Severity: {finding.severity}{absent}"
    yield f"Weakest basis behind it: {finding.basis}"
    for note in finding.notes:
        yield f"Note: {note}"
    for one in finding.obligations:
        yield ""
        yield from _obligation_lines(library, comparison, one)
    if finding.question:
        yield ""
        yield "Question to the other side:"
        yield from (f"  {line}" for line in finding.question.splitlines())


def _obligation_lines(library: Library, comparison: Comparison, one: ObligationFinding) -> Iterator[str]:
    yield f"Obligation {one.id} ({one.strength}{', core' if one.core else ''}): {one.text}"
    entry = library.maps_of(comparison.baseline).maps.get(one.id, ())
    if isinstance(entry, NoControl):
        yield f"  no control: {entry.no_control}"
    else:
        for one_map in entry:
            control = library.controls[one_map.control]
            yield f"  is {one_map.relationship} the control {control.id}: {control.name} [{one_map.status}]"
    for evidence in one.evidence:
        yield from _evidence_lines(comparison, evidence)
    yield f"  outcome: {one.outcome.replace('_', ' ')}"
    for reason in one.reasons:
        yield f"    {reason.kind}: {reason.code} ({reason_words(reason)})"
    for other in one.others:
        alone = other.path.replace("_", " ")
        yield f"  also {other.provision} ({other.relationship} {other.control}): alone {alone}"


def _evidence_lines(comparison: Comparison, evidence: Evidence) -> Iterator[str]:
    standing = f"{evidence.strength}, {evidence.instrument}, basis {evidence.basis}"
    yield f"  {comparison.foreign} {evidence.obligation} ({standing}): {evidence.text}"
    status = f"{evidence.map_status}, confidence {evidence.confidence}"
    yield f"    is {evidence.relationship} {evidence.control} [{status}]: {evidence.rationale}"
    if evidence.parameters:
        yield f"    parameters: {', '.join(f'{key} = {words}' for key, words in evidence.parameters.items())}"
    yield f"    source: {_source(evidence.source)}"
    yield f"    rules fired: {', '.join(evidence.rules)}"


def _source(source: Any) -> str:
    return ", ".join(
        part
        for part in (source.get("document", ""), source.get("reference", ""), source.get("url", ""))
        if part
    )
