"""What can go wrong in the store, as typed errors; each text says what to do."""

from __future__ import annotations

from collections.abc import Sequence

from criteria.problems import DataError, MraError, Problem


class StoreError(MraError):
    """The base of every error the store raises on purpose."""


class NotFound(StoreError):
    """Nothing is stored under this key (or not in this workspace, which looks the same)."""

    def __init__(self, what: str, key: str) -> None:
        self.what, self.key = what, key
        super().__init__(f'There is no {what} "{key}".')


class AlreadyExists(StoreError):
    """Something is stored under this key already."""

    def __init__(self, what: str, key: str) -> None:
        self.what, self.key = what, key
        super().__init__(f'There is a {what} "{key}" already. Choose another name.')


class VersionConflict(StoreError):
    """Somebody else changed it after it was read: read it again, and decide again.

    `expected` is the version the caller had read, `actual` the present one.
    """

    def __init__(self, what: str, key: str, expected: int, actual: int) -> None:
        self.what, self.key, self.expected, self.actual = what, key, expected, actual
        super().__init__(
            f'The {what} "{key}" has changed since you read it (you read version {expected}, '
            f"it is now {actual}). Read it again."
        )


class BadName(StoreError):
    """A key, path or value that the store does not take; the text says which are taken."""


class BadArchive(DataError, StoreError):
    """A folder or zip that is not taken in as a workspace, with every problem found in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)


class ReviewsAreAppendOnly(StoreError):
    """A review file that leaves out or changes decisions already recorded."""


class NotReproduced(StoreError):
    """A stored comparison that the present program no longer gives.

    `reasons` name what is different: the program's version, the vocabulary, or single findings.
    """

    def __init__(self, comparison: str, reasons: Sequence[str]) -> None:
        self.comparison, self.reasons = comparison, tuple(reasons)
        super().__init__(f"The comparison {comparison[:12]} comes out differently now: {'; '.join(reasons)}.")


class StoreBusy(StoreError):
    """The database stayed locked by others for too long. Trying again a little later is safe."""


class SchemaBehind(StoreError):
    """The database's tables are not those this program needs."""

    def __init__(self, current: str | None, needed: str) -> None:
        self.current, self.needed = current, needed
        super().__init__(
            f"The database is at revision {current or 'none'}, and {needed} is needed. Run: mra db upgrade"
        )


class KeyReused(StoreError):
    """An idempotency key that came before with another request."""


class StillRunning(StoreError):
    """An idempotency key whose first request has not been answered yet."""
