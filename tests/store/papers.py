"""Files and decisions that a workspace over the small library may hold."""

from __future__ import annotations

from typing import Any

from mappings.reviewing import Review, control_hash, text_hashes
from tests.builders import small_library
from tests.store.shipping import yaml_text

SMALL = small_library()


def review(obligation: str = "A6.a", control: str = "staff.vetting", **more: Any) -> Review:
    """A decision on a map of Away, on the texts as they are."""
    values = {
        "edition": "away-2025",
        "obligation": obligation,
        "control": control,
        "decision": "approved",
        "relationship": "equal-to" if control else None,
        "rationale": "Both look at staff before they are taken on.",
        "by": "rita",
        "at": "2026-11-24T10:00:00Z",
        "source_hash": text_hashes(SMALL.editions["away-2025"])[obligation],
        "target_hash": control_hash(SMALL.controls[control]) if control else "",
        **more,
    }
    return Review.model_validate(values)


def edition_files(label: str = "2026", text: str = "staff are looked at twice") -> dict[str, str | None]:
    """The files of one more edition of Away, as an import writes them."""
    key = f"away-{label}"
    head = {
        "key": key,
        "program": "away",
        "title": f"Rules of Away, {label}",
        "in_force": {"from": "2026-01-01"},
        "read": "All of it.",
        "direction": "both",
        "completeness": {"default": "partial"},
    }
    criterion = {
        "ref": "B1",
        "category": "personnel",
        "title": "Staff",
        "statement": f"{text}.",
        "strength": "must",
        "operators": ["all"],
        "source": {"id": "rules", "reference": "art. 1"},
        "basis": "text",
        "obligations": [{"id": "a", "text": text}],
    }
    one = {
        "control": "staff.vetting",
        "relationship": "equal-to",
        "rationale": "The same, in other words.",
        "confidence": "medium",
        "status": "proposed",
    }
    folder = f"programs/away/{label}"
    return {
        f"{folder}/edition.yaml": yaml_text(head),
        f"{folder}/criteria.yaml": yaml_text({"criteria": [criterion]}),
        f"maps/{key}.yaml": yaml_text({"edition": key, "method": "imported", "maps": {"B1.a": [one]}}),
    }
