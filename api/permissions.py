"""Who may do what: one table, as data. Every route names its permission; nothing else decides.

A role holds in one workspace. A token's scopes narrow what its account may do, never widen it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from criteria.problems import MraError, UnknownName

ROLES = ("viewer", "analyst", "reviewer", "negotiator", "admin")

_EVERYONE = frozenset(ROLES)
_WORKERS = _EVERYONE - {"viewer"}

# permission -> the roles that have it
PERMISSIONS: Mapping[str, frozenset[str]] = {
    "workspace.read": _EVERYONE,
    "library.read": _EVERYONE,  # programs, editions, criteria, controls, maps, arrangements
    "matrix.read": _EVERYONE,
    "comparison.read": _EVERYONE,
    "comparison.create": _WORKERS,
    "whatif.run": _WORKERS,
    "upload.read": frozenset({"analyst", "reviewer", "admin"}),
    "upload.create": frozenset({"analyst", "admin"}),
    "import.apply": frozenset({"analyst", "admin"}),
    "suggestion.read": frozenset({"analyst", "reviewer", "admin"}),
    "review.read": _WORKERS,
    "review.decide": frozenset({"reviewer", "admin"}),
    "report.read": _WORKERS,
    "report.create": _WORKERS,
    "job.read": _WORKERS,
    "job.run": _WORKERS,
    "history.read": _WORKERS,
    "history.undo": frozenset({"reviewer", "admin"}),
    "audit.read": frozenset({"admin"}),
    "member.read": frozenset({"admin"}),
    "member.manage": frozenset({"admin"}),
    "workspace.export": frozenset({"admin"}),
    "workspace.import": frozenset({"admin"}),
}

# What needs no workspace: anybody (even not signed in), anybody signed in, or a superuser.
ANYBODY, SIGNED_IN, SUPERUSER = "anybody", "signed_in", "superuser"
WITHOUT_WORKSPACE = frozenset({ANYBODY, SIGNED_IN, SUPERUSER})

# What a kind of job needs besides `job.run`: what its work would need if it were done at once.
JOB_NEEDS: Mapping[str, str] = {
    "import": "import.apply",
    "suggestions": "import.apply",
    "matrix": "report.create",
    "report": "report.create",
    "comparisons": "comparison.create",
}

# Scopes of tokens: names of permissions, or one of these sets of them.
SCOPES: Mapping[str, frozenset[str]] = {
    "all": frozenset(PERMISSIONS) | {SUPERUSER},
    "read": frozenset(name for name in PERMISSIONS if name.endswith(".read") and name != "audit.read"),
    "dashboard": frozenset({"workspace.read", "library.read", "matrix.read", "comparison.read"}),
}


def check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return scopes as they are kept, sorted; raise UnknownName for one that does not exist."""
    found = sorted(set(scopes))
    if not found:
        raise MraError(
            f"Name at least one scope: {', '.join(SCOPES)}, or permissions such as comparison.read."
        )
    for name in found:
        if name not in SCOPES and name not in PERMISSIONS:
            raise UnknownName("scope", name, (*SCOPES, *PERMISSIONS))
    return tuple(found)


def within(scopes: Collection[str] | None, permission: str) -> bool:
    """Whether scopes include a permission; None are those of a session, which has all of its account's."""
    if scopes is None:
        return True
    return any(permission == scope or permission in SCOPES.get(scope, ()) for scope in scopes)


def may(role: str | None, permission: str) -> bool:
    """Whether a role has a permission; None is the role of somebody who is no member."""
    return role is not None and role in PERMISSIONS[permission]
