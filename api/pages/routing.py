"""The route class of pages: access as everywhere, but failures are pages, and strangers go to sign in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from api import logs
from api.errors import PROBLEMS, Refusal, code_of, request_id_of
from api.pages.frame import go, note, page
from api.pages.html import link, tag
from api.routing import GuardedRoute
from criteria.problems import DataError, MraError

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(GuardedRoute):
    """A route that answers with a page, whatever happens."""

    def get_route_handler(self) -> Handler:
        """Return the handler of the route with failures shown as pages."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await inner(request)
            except (MraError, RequestValidationError, HTTPException) as error:
                return _failure(request, error)

        return handle


def _failure(request: Request, error: Exception) -> Response:
    code = code_of(error) if isinstance(error, MraError) else "bad_request"
    if isinstance(error, RequestValidationError):
        code = "invalid"
    if code == "not_signed_in" and request.method == "GET":
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return go("/sign-in?" + urlencode({"next": here}))
    kind = PROBLEMS[code]
    if kind.status >= 500:
        logs.service.error("page failed", exc_info=error, extra={"request_id": request_id_of(request)})
    headers = error.headers if isinstance(error, Refusal) else {}
    response = page(kind.title, *_told(error, kind.meaning), status=kind.status)
    response.headers.update(headers)
    return response


def _told(error: Exception, meaning: str) -> list[Any]:
    back = tag("p", link("Back to the start", "/"))
    if isinstance(error, DataError):
        return [tag("ul", *(tag("li", str(one)) for one in error.problems[:100])), back]
    text = str(error) if isinstance(error, MraError) else meaning
    return [note(text, "error"), back]


def router() -> APIRouter:
    """Return a router for pages; they are no part of the documented API."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)
