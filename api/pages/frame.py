"""The frame of every page: head, navigation, messages, and who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import Principal
from api.pages.html import Child, Html, hidden, join, link, tag
from api.permissions import PERMISSIONS

MARK = "C-TPAT side by side"
NAVIGATION = (
    ("", "Programs", "library.read"),
    ("/matrix", "Matrix", "matrix.read"),
    ("/comparisons", "Comparisons", "comparison.read"),
    ("/uploads", "Uploads", "upload.read"),
    ("/reviews", "Reviews", "review.read"),
    ("/jobs", "Jobs", "job.read"),
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page of a workspace: what they may do decides what it offers."""

    principal: Principal
    workspace: str

    def may(self, permission: str) -> bool:
        """Whether the viewer has a permission here."""
        return permission in PERMISSIONS and self.principal.may(permission, self.workspace)

    def at(self, *parts: str, **query: str) -> str:
        """Return the address of a page of this workspace."""
        path = "/w/" + "/".join(quote(part, safe="") for part in (self.workspace, *parts))
        shown = {key: value for key, value in query.items() if value}
        return f"{path}?{urlencode(shown)}" if shown else path

    def form(self, action: str, *children: Child, **attributes: str) -> Html:
        """Return a form that changes something, with the session's CSRF token."""
        token = hidden("csrf", self.principal.csrf)
        return tag("form", token, *children, method="post", action=action, **attributes)


def viewer_of(request: Request) -> Viewer:
    """Return who looks at a page of a workspace."""
    return Viewer(request.state.principal, request.path_params["workspace"])


def page(
    title: str, *children: Child, viewer: Viewer | None = None, here: str = "", status: int = 200
) -> Response:
    """Return a whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} – {MARK}"),
        tag("link", rel="stylesheet", href="/style.css"),
        tag("link", rel="icon", href="/icon.svg", type="image/svg+xml"),
    )
    body = tag(
        "body",
        link("Skip to the content", "#content", class_="skip"),
        _header(viewer, here),
        tag("main", tag("h1", title), *children, id="content"),
        tag(
            "footer",
            "Verdicts follow from encoded criteria and reviewed maps. A recommendation is no decision.",
        ),
    )
    document = join([Html("<!doctype html>"), tag("html", head, body, lang="en")])
    return HTMLResponse(document, status)


def _header(viewer: Viewer | None, here: str) -> Html:
    brand = link(MARK, "/", class_="brand")
    if viewer is None:
        return tag("header", brand)
    items = [
        tag("li", link(text, viewer.at() + path, aria_current="page" if path == here else None))
        for path, text, permission in NAVIGATION
        if viewer.may(permission)
    ]
    person = viewer.principal.account.display
    places = sorted(key for key in viewer.principal.roles if viewer.principal.role_in(key))
    role = viewer.principal.role_in(viewer.workspace)
    return tag(
        "header",
        brand,
        tag("nav", tag("ul", *items), aria_label="Pages"),
        tag(
            "div",
            _places(viewer, places),
            tag("span", f"{person}, {role}"),
            viewer.form("/sign-out", tag("button", "Sign out", class_="plain")),
            class_="person",
        ),
    )


def _places(viewer: Viewer, places: Sequence[str]) -> Html:
    if len(places) < 2:
        return tag("span", viewer.workspace, class_="place")
    others = [link(key, f"/w/{key}") for key in places if key != viewer.workspace]
    return tag("details", tag("summary", viewer.workspace), tag("div", *others), class_="place")


def go(address: str) -> Response:
    """Return the way to another page after a form was sent."""
    return RedirectResponse(address, 303)


def note(text: Child, kind: str = "info") -> Html:
    """Return a message."""
    return tag("p", text, class_=f"note {kind}", role="status")


def pager(viewer: Viewer, address: str, query: dict[str, str], following: str | None, total: int) -> Html:
    """Return the way to the next page, and how many there are in all."""
    more = None
    if following:
        shown = {**{key: value for key, value in query.items() if value}, "after": following}
        more = link("Next page", f"{address}?{urlencode(shown)}", rel="next", class_="button")
    return tag("p", tag("span", f"{total} in all"), more, class_="pager")
