"""`mra db upgrade`: bring the tables up to date, and say which comparisons would now differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.matching import Matcher
from store.database import Store
from store.drift import Drift, drifted
from store.migrations import Migrated, upgrade


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did to the tables, and the stored comparisons that would have another id now."""

    tables: Migrated
    drifted: tuple[Drift, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as plain data."""
        return {
            "before": self.tables.before,
            "after": self.tables.after,
            "steps": list(self.tables.steps),
            "drifted": [one.as_dict() for one in self.drifted],
        }

    def lines(self) -> Iterator[str]:
        """Yield the outcome in sentences."""
        done = ", ".join(self.tables.steps)
        yield f"Tables: {f'{done} applied' if done else f'up to date ({self.tables.after})'}."
        matter = [one for one in self.drifted if one.matters]
        yield f"{len(matter)} of the stored comparisons would say something else now; they stay as they are."
        for one in matter:
            yield f"  {one.workspace}: {one.baseline} × {one.foreign} ({one.id[:12]}): {_said(one)}"
        same = len(self.drifted) - len(matter)
        if same:
            yield f"{same} more would say the same under another id."


def _said(one: Drift) -> str:
    if one.obstacle:
        return one.obstacle
    parts = [f"{f.criterion} {_word(f.before)} → {_word(f.now)}" for f in one.findings[:5]]
    if len(one.findings) > 5:
        parts.append(f"and {len(one.findings) - 5} more")
    if one.overall_before != one.overall_now:
        parts.append(f"overall {_word(one.overall_before)} → {_word(one.overall_now)}")
    return f"{', '.join(parts)} (changed: {', '.join(one.causes)})"


def _word(verdict: str | None) -> str:
    return (verdict or "none").replace("_", " ")


def upgrade_store(url: str, matcher: Matcher | None = None) -> Upgraded:
    """Upgrade a database; with a matcher, make each stored comparison anew and tell what differs."""
    tables = upgrade(url)
    if matcher is None:
        return Upgraded(tables, ())
    with Store(url) as store, store.reading() as session:
        return Upgraded(tables, tuple(drifted(session, matcher)))
