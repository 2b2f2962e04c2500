"""How much of what an edition asks was read: where all of it was, silence means absence."""

from __future__ import annotations

from criteria.model import Edition


def completeness(edition: Edition, category: str, operator: str) -> str:
    """Return full, partial or none for a category and an operator type (default: partial)."""
    level = edition.completeness.get(category, edition.completeness.get("default", "partial"))
    if isinstance(level, dict):
        return str(level.get(operator, level.get("default", "partial")))
    return str(level)
