"""Findings in lists: which are asked for, and what of each is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COLUMNS = (
    "criterion", "title", "category", "strength", "verdict", "shortfall", "severity", "if_absent",
    "provisional", "basis", "reasons", "common", "missing", "extra", "counterparts", "question", "site_check",
)  # fmt: skip
_LONG = ("obligations", "evidence", "text", "source")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of findings is narrowed to; an empty text is no filter, commas separate values."""

    verdict: str = ""
    shortfall: str = ""
    severity: str = ""
    category: str = ""
    strength: str = ""
    operator: str = ""
    q: str = ""
    provisional: bool | None = None

    def fit(self, finding: Mapping[str, Any]) -> bool:
        """Whether a finding is asked for."""
        for name in ("verdict", "shortfall", "severity", "category", "strength"):
            wanted = getattr(self, name)
            if wanted and (finding.get(name) or "") not in wanted.split(","):
                return False
        if self.operator and self.operator not in finding["operators"]:
            return False
        if self.provisional is not None and finding["provisional"] != self.provisional:
            return False
        return not self.q or self.q.casefold() in _words(finding)


def _words(finding: Mapping[str, Any]) -> str:
    return f"{finding['criterion']} {finding['title']} {finding['text']} {finding['question']}".casefold()


def compact(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Return a finding without its obligations and evidence, but with the references of its counterparts."""
    shown = {name: value for name, value in finding.items() if name not in _LONG}
    counterparts = list(dict.fromkeys(one["provision"] for one in finding["evidence"]))
    return {**shown, "counterparts": counterparts}
