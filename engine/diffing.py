"""Two editions of a program: what was added, dropped, strengthened, loosened, or only reworded.

The engine judges both ways: the old edition as baseline shows what was dropped, loosened or
strengthened; the new one as baseline shows what was added. References and texts tell which
criteria belong together and whether a text changed at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from criteria.editions import same_text
from criteria.model import Criterion, Edition
from engine.comparison import compare
from engine.findings import Finding, Reason
from engine.matching import Matcher
from engine.policy import Policy
from mappings.library import Library

CHANGES = ("added", "dropped", "strengthened", "loosened", "changed", "reworded", "unchanged", "set_aside")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one criterion: the references on both sides, the change, and by what it shows.

    `stricter` and `looser` name obligations and parameters with both sides (baseline: old edition).
    """

    change: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    title: str
    category: str
    old_text: str
    new_text: str
    stricter: tuple[Reason, ...] = ()
    looser: tuple[Reason, ...] = ()
    dropped: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class EditionDiff:
    """Every criterion of two editions with what became of it, and counts by change."""

    old: str
    new: str
    changes: tuple[Change, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many criteria changed in each way; changes that do not occur are left out."""
        found = {name: sum(change.change == name for change in self.changes) for name in CHANGES}
        return {name: number for name, number in found.items() if number}


def diff_editions(
    library: Library, old: Edition, new: Edition, policy: Policy, matcher: Matcher, as_of: date
) -> EditionDiff:
    """Return what became of every criterion of `old` in `new`, and what `new` adds."""
    forward = compare(library, old, new, policy, matcher, as_of)
    backward = compare(library, new, old, policy, matcher, as_of)
    texts = {criterion.ref: criterion for criterion in new.criteria}
    changes = [_change(finding, texts, old) for finding in forward.findings]
    changes += [_added(finding, old) for finding in backward.findings if _is_new(finding)]
    return EditionDiff(old.key, new.key, tuple(changes))


def _is_new(finding: Finding) -> bool:
    return finding.verdict in ("no_counterpart", "not_evidenced")


def _added(finding: Finding, old: Edition) -> Change:
    """Return a criterion as added, or set aside where the old edition holds nothing of its category."""
    level = old.completeness.get(finding.category, old.completeness.get("default", "partial"))
    held = level != "none"
    note = "" if held else "the old edition holds no criteria of this category"
    change = "added" if held else "set_aside"
    return Change(
        change, (), (finding.criterion,), finding.title, finding.category, "", finding.text, note=note
    )


def _change(finding: Finding, texts: Mapping[str, Criterion], old: Edition) -> Change:
    refs = tuple(dict.fromkeys(ref for one in finding.evidence for ref in one.provision.split(" + ")))
    new_text = "\n".join(texts[ref].statement.strip() for ref in refs if ref in texts)
    stricter = tuple(reason for reason in finding.reasons if reason.kind == "surplus")
    looser = tuple(reason for reason in finding.reasons if reason.kind == "shortfall")
    dropped = tuple(one.text for one in finding.obligations if one.outcome in ("absent", "unknown"))
    change = _kind(finding, bool(stricter), bool(looser), same_text(finding.text, new_text))
    return Change(
        change,
        (finding.criterion,),
        refs,
        finding.title,
        finding.category,
        finding.text,
        new_text,
        stricter,
        looser,
        dropped if change != "dropped" else (),
    )


def _kind(finding: Finding, stricter: bool, looser: bool, same: bool) -> str:
    if finding.verdict in ("not_applicable", "out_of_scope"):
        return "set_aside"
    if finding.verdict in ("no_counterpart", "not_evidenced"):
        return "dropped"
    if stricter and looser:
        return "changed"
    if stricter or looser:
        return "strengthened" if stricter else "loosened"
    return "unchanged" if same else "reworded"


def by_category(diff: EditionDiff) -> Iterator[tuple[str, list[Change]]]:
    """Yield the changes of each category, in the order they come."""
    for category in dict.fromkeys(change.category for change in diff.changes):
        yield category, [change for change in diff.changes if change.category == category]
