"""Sign in with a one-time link or an API token; sign out; the style, the icon, the list of codes."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api.access import COOKIE, check_csrf, check_origin, needs
from api.errors import PROBLEMS
from api.pages.frame import go, note, page
from api.pages.html import Html, field, hidden, table, tag
from api.pages.routing import router
from api.permissions import ANYBODY, SIGNED_IN
from api.routes.accounts import account_of_token, open_session, set_cookie
from api.services import Services, principal_of, services_of
from api.tables import unchanged
from store import accounts, tokens

routes = router()
_HERE = Path(__file__).parent


@routes.get("/")
@needs(ANYBODY)
async def start(request: Request) -> Response:
    """Go to one's first workspace, or to the sign-in."""
    principal = request.state.principal
    if principal is None:
        return go("/sign-in")
    places = sorted(key for key in principal.roles if principal.role_in(key))
    if not places:
        return page("No workspace yet", note("You are no member of a workspace. Ask its admin to add you."))
    return go(f"/w/{places[0]}")


def _inside(address: str) -> str:
    """Return an address of this site, so that a sign-in never leads elsewhere."""
    good = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if good else "/"


def _form(following: str, message: Html | None = None) -> Html:
    token = tag("input", type="password", name="token", required=True, autocomplete="off", maxlength=200)
    return tag(
        "div",
        message,
        tag("p", "Use an API token of scope “all”, or the link that the server printed.", class_="lead"),
        tag(
            "form",
            hidden("next", following),
            field("API token", token),
            tag("button", "Sign in", class_="main"),
            method="post", action="/sign-in", class_="panel",
        ),
        class_="narrow",
    )  # fmt: skip


@routes.get("/sign-in")
@needs(ANYBODY)
async def sign_in_page(request: Request, link: str = "", next: str = "/") -> Response:  # noqa: A002
    """Show the form, or use up a one-time link."""
    if not link:
        return page("Sign in", _form(_inside(next)))
    services = services_of(request)
    account = await run_in_threadpool(
        services.store.run, lambda session: tokens.use_link(session, link[:200])
    )
    if account is None:
        services.door.failed(request)
        message = note(
            "The link has been used, or is older than 15 minutes. Start the server again.", "error"
        )
        return page("Sign in", _form("/", message), status=401)
    return await _enter(services, account, "/")


@routes.post("/sign-in")
@needs(ANYBODY, form=True)
async def sign_in(
    request: Request,
    token: Annotated[str, Form(max_length=200)],
    next: Annotated[str, Form(max_length=500)] = "/",  # noqa: A002
) -> Response:
    """Sign in with a token."""
    services = services_of(request)
    check_origin(request)  # nobody is signed in as somebody else by a form on another site
    account = await run_in_threadpool(account_of_token, services, token.strip())
    if account is None:
        services.door.failed(request)
        message = note("The token is unknown, over, or not of scope all.", "error")
        return page("Sign in", _form(_inside(next), message), status=401)
    return await _enter(services, account, _inside(next))


async def _enter(services: Services, account: accounts.Account, following: str) -> Response:
    secret, _ = await run_in_threadpool(open_session, services, account.id)
    response = go(following)
    set_cookie(services, response, secret)
    return response


@routes.post("/sign-out")
@needs(SIGNED_IN, form=True)
def sign_out(request: Request, csrf: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Sign out."""
    services = services_of(request)
    check_csrf(principal_of(request), request, csrf)
    secret = request.cookies.get(COOKIE, "")
    services.store.run(lambda session: tokens.close_session(session, secret))
    services.door.forget()
    response = go("/sign-in")
    response.delete_cookie(COOKIE, path="/")
    return response


@cache
def _file(name: str) -> tuple[bytes, str]:
    data = (_HERE / name).read_bytes()
    return data, f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def _static(request: Request, name: str, media_type: str) -> Response:
    data, etag = _file(name)
    if same := unchanged(request, etag):
        return same
    return Response(data, 200, {"etag": etag, "cache-control": "public, max-age=300"}, media_type)


@routes.get("/style.css")
@needs(ANYBODY)
async def style(request: Request) -> Response:
    """Give the style of all pages."""
    return _static(request, "style.css", "text/css; charset=utf-8")


@routes.get("/icon.svg")
@needs(ANYBODY)
async def icon(request: Request) -> Response:
    """Give the icon."""
    return _static(request, "icon.svg", "image/svg+xml")


@routes.get("/problems")
@needs(ANYBODY)
async def problems(request: Request) -> Response:
    """Describe every problem code; the `type` of a failure leads here."""
    rows = [
        [tag("th", tag("code", code), id=code, scope="row"), str(kind.status), kind.title, kind.meaning]
        for code, kind in PROBLEMS.items()
    ]
    return page("Problem codes", table("Problem codes", ["Code", "Status", "Title", "What to do"], rows))
