"""Accounts, sessions and API tokens."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api import schemas
from api.access import COOKIE, Principal, check_origin, needs
from api.errors import Refusal
from api.permissions import ANYBODY, SIGNED_IN, SUPERUSER, check_scopes, within
from api.routes.shared import API, csv_too, router
from api.services import Services, principal_of, services_of
from api.tables import After, Format, Limit, Page, answer, listed, page_of
from jobs.workshop import Actor
from store import accounts, tokens

routes = router("accounts", API)

ACCOUNT_COLUMNS = ("id", "name", "display", "superuser", "active", "created")
TOKEN_COLUMNS = ("id", "name", "scopes", "workspace", "created", "expires", "used", "revoked")


def plain_token(one: tokens.Token) -> dict[str, Any]:
    """Return a token as it may be shown."""
    plain = asdict(one)
    del plain["account"]
    return plain


@routes.get("/me", response_model=schemas.Me)
@needs(SIGNED_IN)
def me(request: Request) -> Response:
    """Say who is asking, with the roles in each workspace, and for a session its CSRF token."""
    principal = principal_of(request)
    roles = {key: role for key in principal.roles if (role := principal.role_in(key))}
    scopes = list(principal.scopes) if principal.scopes is not None else None
    csrf = principal.csrf or None
    return answer({"account": asdict(principal.account), "roles": roles, "scopes": scopes, "csrf": csrf})


@routes.post("/session", status_code=201, response_model=schemas.Me)
@needs(ANYBODY)
async def sign_in(request: Request, body: schemas.SignInRequest) -> Response:
    """Sign a browser in with an API token of scope `all`; the answer sets a cookie."""
    services = services_of(request)
    check_origin(request)
    account = await run_in_threadpool(account_of_token, services, body.token)
    if account is None:
        services.door.failed(request)
        raise Refusal("not_signed_in", "The token is unknown, over, or not of scope all.")
    secret, signed = await run_in_threadpool(open_session, services, account.id)
    with services.store.reading() as session:
        roles = accounts.roles_of(session, account.id)
    body_out = {"account": asdict(account), "roles": roles, "scopes": None, "csrf": signed.csrf}
    response = answer(body_out, 201)
    set_cookie(services, response, secret)
    return response


def account_of_token(services: Services, secret: str) -> accounts.Account | None:
    """Return whose token it is, if it may open a session: a session has all of an account's rights."""
    with services.store.reading() as session:
        found = tokens.token_of(session, secret)
    if found is None or "all" not in found[0].scopes or found[0].workspace is not None:
        return None
    return found[1]


def open_session(services: Services, account: int) -> tuple[str, tokens.SignedIn]:
    """Open a session for an account; return its secret and the session."""
    lasts = timedelta(hours=services.settings.session_hours)
    return services.store.run(lambda session: tokens.open_session(session, account, lasts))


def set_cookie(services: Services, response: Response, secret: str) -> None:
    """Give a browser the secret of its session: out of reach of scripts and of other sites."""
    response.set_cookie(
        COOKIE, secret, max_age=services.settings.session_hours * 3600, path="/",
        secure=services.settings.secure_cookies, httponly=True, samesite="lax",
    )  # fmt: skip


@routes.delete("/session", status_code=204, response_class=Response)
@needs(SIGNED_IN)
def sign_out(request: Request) -> Response:
    """Sign this browser out."""
    services = services_of(request)
    secret = request.cookies.get(COOKIE, "")
    services.store.run(lambda session: tokens.close_session(session, secret))
    services.door.forget()
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/")
    return response


@routes.get("/tokens", response_model=Page[schemas.Token], responses=csv_too())
@needs(SIGNED_IN)
def listing(
    request: Request,
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List your own API tokens, the newest first; their secrets are gone."""
    with services_of(request).store.reading() as session:
        found = tokens.listing(session, account=principal_of(request).account.id)
    rows = [plain_token(one) for one in found]
    shown, following = page_of(rows, after, limit, "tokens")
    return listed(request, shown, following, len(rows), TOKEN_COLUMNS, name="tokens")


@routes.post("/tokens", status_code=201, response_model=schemas.NewToken)
@needs(SIGNED_IN)
def create(request: Request, body: schemas.TokenRequest) -> Response:
    """Make an API token of your own; its secret is in this answer and nowhere else."""
    services, principal = services_of(request), principal_of(request)
    scopes = check_scopes(body.scopes)
    _not_wider(principal, body, scopes)
    lasts = timedelta(days=min(body.days, services.settings.token_days))
    actor = Actor(principal.account.name, body.workspace or "", request.state.request_id)

    def write(session: Any) -> tuple[str, tokens.Token]:
        made = tokens.issue(session, principal.account.id, body.name, scopes, lasts, workspace=body.workspace)
        actor.record(session, "token.created", "token", made[1].id, scopes=", ".join(scopes))
        return made

    secret, made = services.store.run(write)
    return answer({**plain_token(made), "secret": secret}, 201, {"location": f"{API}/tokens/{made.id}"})


def _not_wider(principal: Principal, body: schemas.TokenRequest, scopes: tuple[str, ...]) -> None:
    """Refuse a token that could do more than whoever asks for it."""
    if body.workspace is not None and principal.role_in(body.workspace) is None:
        raise Refusal("not_found", f'There is no workspace "{body.workspace}".')
    if principal.bound_to is not None and body.workspace != principal.bound_to:
        raise Refusal("not_allowed", "A token bound to a workspace can make tokens for that one only.")
    if principal.scopes is not None and "all" not in principal.scopes:
        wider = [
            name for name in scopes if name not in principal.scopes and not within(principal.scopes, name)
        ]
        if wider:
            raise Refusal("not_allowed", f"Your token does not include {', '.join(wider)}.")


@routes.delete("/tokens/{token}", status_code=204, response_class=Response)
@needs(SIGNED_IN)
def revoke(request: Request, token: str) -> Response:
    """End one of your API tokens at once."""
    services, principal = services_of(request), principal_of(request)
    actor = Actor(principal.account.name, "", request.state.request_id)

    def write(session: Any) -> None:
        tokens.revoke(session, token, principal.account.id)
        actor.record(session, "token.revoked", "token", token)

    services.store.run(write)
    services.door.forget()
    return Response(status_code=204)


@routes.get("/accounts", response_model=Page[schemas.Account], responses=csv_too())
@needs(SUPERUSER)
def every_account(
    request: Request,
    limit: Limit = 100,
    after: After = "",
    format: Format = None,  # noqa: A002
) -> Response:
    """List all accounts, by name."""
    with services_of(request).store.reading() as session:
        rows = [asdict(one) for one in accounts.every(session)]
    shown, following = page_of(rows, after, limit, "accounts")
    return listed(request, shown, following, len(rows), ACCOUNT_COLUMNS, name="accounts")


@routes.post("/accounts", status_code=201, response_model=schemas.Account)
@needs(SUPERUSER)
def create_account(request: Request, body: schemas.AccountRequest) -> Response:
    """Make an account; give it roles in workspaces, then a token (`mra token create`) or a link."""
    services, principal = services_of(request), principal_of(request)
    actor = Actor(principal.account.name, "", request.state.request_id)

    def write(session: Any) -> accounts.Account:
        made = accounts.create(session, body.name, display=body.display, superuser=body.superuser)
        actor.record(session, "account.created", "account", made.name, superuser=made.superuser)
        return made

    return answer(asdict(services.store.run(write)), 201)


@routes.patch("/accounts/{name}", response_model=schemas.Account)
@needs(SUPERUSER)
def change_account(request: Request, name: str, body: schemas.AccountChange) -> Response:
    """Change an account; one that is not active is signed out everywhere."""
    services, principal = services_of(request), principal_of(request)
    actor = Actor(principal.account.name, "", request.state.request_id)

    def write(session: Any) -> accounts.Account:
        found = accounts.named(session, name)
        if found.id == principal.account.id and (body.active is False or body.superuser is False):
            raise Refusal("conflict", "You cannot take this from yourself. Ask another superuser.")
        made = accounts.change(session, found.id, **body.model_dump(exclude_none=True))
        if not made.active:
            tokens.close_sessions(session, found.id)
        actor.record(
            session, "account.changed", "account", made.name, active=made.active, superuser=made.superuser
        )
        return made

    made = services.store.run(write)
    services.door.forget()
    return answer(asdict(made))
