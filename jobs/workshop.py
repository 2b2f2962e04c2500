"""What the use cases on stored workspaces work with: the store, the library of a workspace, the policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.policy import Policy
from jobs.comparing import policy_from
from mappings.library import Library
from store import Store, audit, libraries

Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody how far the work is."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """A store with the policy in force. Safe for threads."""

    store: Store
    policy_folder: Path | None = None

    def library(self, workspace: str) -> Library:
        """Return the library of a workspace as it is now; raise NotFound, DataError."""
        with self.store.reading() as session:
            return libraries.library_of(session, workspace)

    def policy(self) -> Policy:
        """Return the policy in force; raise DataError where its folder is broken."""
        return policy_from(self.policy_folder)


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf something is done, in which workspace, and by which request."""

    who: str
    workspace: str
    request_id: str = ""

    def record(
        self, session: Any, event: str, kind: str, target: str, **details: str | int | bool | None
    ) -> None:
        """Add an event to the audit trail, in the transaction of what it tells of."""
        short = {k: v[: audit.LONGEST] if isinstance(v, str) else v for k, v in details.items()}
        audit.record(
            session,
            event,
            self.who,
            workspace=self.workspace,
            kind=kind,
            target=target,
            request_id=self.request_id,
            details=short,
        )

    def outcome(self, session: Any, result: Mapping[str, Any]) -> None:
        """Say what the work has come to, in the transaction that writes it; only jobs keep it."""
