"""What the other side may see of a comparison: the same that the partner's gap report holds."""

from __future__ import annotations

from typing import Any

from workbooks.report.content import split_question

_OWN_OF_FINDING = ("severity", "if_absent", "site_check")
_OWN_OF_COMPARISON = ("conclusion",)


def for_partner(comparison: dict[str, Any]) -> dict[str, Any]:
    """Return a comparison without severity, recommendation, site checks and notes to ourselves."""
    shown = {name: value for name, value in comparison.items() if name not in _OWN_OF_COMPARISON}
    return {
        **shown,
        "conclusion": {},
        "findings": [finding_for_partner(one) for one in comparison["findings"]],
    }


def finding_for_partner(finding: dict[str, Any]) -> dict[str, Any]:
    """Return a finding as the other side may see it."""
    shown = {name: value for name, value in finding.items() if name not in _OWN_OF_FINDING}
    return {**shown, "question": split_question(finding["question"])[0]}
