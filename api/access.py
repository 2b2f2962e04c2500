"""Who is asking, and may they: API tokens and browser sessions, checked once for every route.

What was looked up is remembered for a moment, so that a dashboard's thousand reads cost one query;
changing a role or ending a token forgets it at once in this process, in others within that moment.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from api.errors import Refusal
from api.limiting import RateLimit
from api.permissions import ANYBODY, PERMISSIONS, SIGNED_IN, SUPERUSER, WITHOUT_WORKSPACE, may, within
from store import Store, accounts, tokens

COOKIE = "mra_session"
CSRF_HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MOMENT = 2.0  # seconds for which a looked-up caller is remembered
REMEMBERED = 4096

_Key = tuple[object, bytes]
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def needs(permission: str, *, form: bool = False, immutable: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Declare a route's permission. With `form` the CSRF token is in the form, and the page checks it.

    `immutable`: what was answered once at an address, with an ETag, is the answer there for ever, whoever
    asks; such answers are given again before routing (`api/kept.py`).
    """
    if permission not in PERMISSIONS and permission not in WITHOUT_WORKSPACE:
        raise ValueError(f'"{permission}" is not in the table of permissions.')

    def declare(endpoint: Endpoint) -> Endpoint:
        endpoint.__permission__ = permission  # type: ignore[attr-defined]
        endpoint.__form__ = form  # type: ignore[attr-defined]
        endpoint.__immutable__ = immutable  # type: ignore[attr-defined]
        return endpoint

    return declare


def permission_of(endpoint: Callable[..., Any]) -> str:
    """Return the permission that an endpoint declares; raise TypeError where it declares none."""
    found = getattr(endpoint, "__permission__", None)
    if not isinstance(found, str):
        raise TypeError(f"{endpoint} does not declare its permission.")
    return found


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever signed in. `scopes` is None for a session; `bound_to` is a token's only workspace, if any."""

    account: accounts.Account
    roles: Mapping[str, str]
    scopes: tuple[str, ...] | None
    bound_to: str | None
    csrf: str

    @property
    def by_cookie(self) -> bool:
        """Whether a browser session is behind this, which other sites could misuse."""
        return self.scopes is None

    def role_in(self, workspace: str) -> str | None:
        """Return the role in a workspace, None for one that this caller must not see."""
        if self.bound_to is not None and self.bound_to != workspace:
            return None
        return self.roles.get(workspace)

    def may(self, permission: str, workspace: str) -> bool:
        """Whether the caller has a permission in a workspace."""
        return may(self.role_in(workspace), permission) and within(self.scopes, permission)


class Doorkeeper:
    """Tells who is asking, and refuses who may not."""

    def __init__(self, store: Store, sign_in_limit: int) -> None:
        self._store = store
        self._known: OrderedDict[_Key, tuple[float, Principal]] = OrderedDict()
        self._looking: dict[_Key, asyncio.Future[Principal | None]] = {}
        self._era = object()  # a part of every key: what was looked up, or begun to be, before it is no good
        self._failures = RateLimit(sign_in_limit)

    async def admit(self, request: Request, endpoint: Callable[..., Any], workspace: str) -> Principal | None:
        """Return who is asking, and note it for the log; raise Refusal where a route is not theirs."""
        permission = permission_of(endpoint)
        principal = await self.principal(request)
        if principal is None:
            if permission == ANYBODY:
                return None
            raise Refusal("not_signed_in")
        if principal.by_cookie and request.method not in SAFE_METHODS and not endpoint.__form__:  # type: ignore[attr-defined]
            check_csrf(principal, request, request.headers.get(CSRF_HEADER, ""))
        _authorise(principal, permission, workspace)
        request.scope["state"]["who"] = principal.account.name
        return principal

    async def principal(self, request: Request) -> Principal | None:
        """Return who is asking, None for nobody; raise Refusal for a token or header that is no good."""
        kind, secret = _secret_of(request)
        if not secret:
            return None
        key = (self._era, hashlib.sha256(f"{kind}:{secret}".encode()).digest())
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        found = await self._looked_up(key, self._by_token if kind == "token" else self._by_session, secret)
        if found is None and kind == "token":
            self.failed(request)
            raise Refusal("not_signed_in", "The token is unknown, has expired, or was revoked.")
        return found

    async def _looked_up(
        self, key: _Key, look_up: Callable[[str], Principal | None], secret: str
    ) -> Principal | None:
        """Return who is behind a secret, from the store; those who ask at the same time share one look-up."""
        looking = self._looking.get(key)
        if looking is None:
            looking = asyncio.ensure_future(run_in_threadpool(look_up, secret))
            self._looking[key] = looking
            looking.add_done_callback(lambda done: self._remember(key, done))
        return await asyncio.shield(looking)

    def _remember(self, key: _Key, done: asyncio.Future[Principal | None]) -> None:
        del self._looking[key]
        if done.cancelled() or done.exception() is not None or (found := done.result()) is None:
            return
        self._known[key] = (time.monotonic() + MOMENT, found)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def failed(self, request: Request) -> None:
        """Count a failed sign-in; raise Refusal where there were too many from this address."""
        wait = self._failures.wait(request.client.host if request.client else "")
        if wait:
            raise Refusal(
                "too_many_requests", "Too many failed sign-ins.", headers={"retry-after": str(wait)}
            )

    def forget(self) -> None:
        """Look everybody up again: a role, a token or a session has changed."""
        self._era = object()

    def _by_token(self, secret: str) -> Principal | None:
        with self._store.reading() as session:
            found = tokens.token_of(session, secret)
            if found is None:
                return None
            token, account = found
            roles = accounts.roles_of(session, account.id)
        self._store.run(lambda writing: tokens.used(writing, token.id))
        return Principal(account, roles, token.scopes, token.workspace, "")

    def _by_session(self, secret: str) -> Principal | None:
        with self._store.reading() as session:
            found = tokens.session_of(session, secret)
            if found is None:
                return None
            return Principal(
                found.account, accounts.roles_of(session, found.account.id), None, None, found.csrf
            )


def _secret_of(request: Request) -> tuple[str, str]:
    header = request.headers.get("authorization", "")
    if header:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise Refusal("not_signed_in", "Send the token as `Authorization: Bearer TOKEN`.")
        return "token", secret.strip()
    return "session", request.cookies.get(COOKIE, "")


def check_csrf(principal: Principal, request: Request, given: str) -> None:
    """Raise Refusal unless a change from a browser carries the session's token and comes from our pages."""
    if not hmac.compare_digest(given.encode(), principal.csrf.encode()):
        raise Refusal("csrf")
    check_origin(request)


def check_origin(request: Request) -> None:
    """Raise Refusal for a request that a page of another site sends."""
    origin = request.headers.get("origin", "")
    if origin and origin.partition("://")[2] != request.headers.get("host", ""):
        raise Refusal("csrf", "The request comes from another site.")


def _authorise(principal: Principal, permission: str, workspace: str) -> None:
    if permission in (ANYBODY, SIGNED_IN):
        return
    if permission == SUPERUSER:
        if not (principal.account.superuser and within(principal.scopes, SUPERUSER)):
            raise Refusal("not_allowed", "Only a superuser of the service may do this.")
        return
    role = principal.role_in(workspace)
    if role is None:
        raise Refusal("not_found", f'There is no workspace "{workspace[:64]}".')
    if not may(role, permission):
        raise Refusal("not_allowed", f"Your role here is {role}; this needs {_roles_with(permission)}.")
    if not within(principal.scopes, permission):
        raise Refusal("not_allowed", f"The token's scopes do not include {permission}.")


def _roles_with(permission: str) -> str:
    return " or ".join(sorted(PERMISSIONS[permission]))
