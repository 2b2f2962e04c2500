"""Answers that never change, kept by address and given again before routing, to whoever may see them.

A route declares them with `needs(..., immutable=True)`. Dashboards ask for the same few again and again,
and finding and calling a route costs several times what is left to do: the access check, which is the
same as on the way through the route, and the comparison of ETags.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Scope

from api.access import Doorkeeper
from api.results import Results
from api.tables import caching, holds

_ROOM = 4000  # bytes taken for what is kept around a body


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer of a route in a workspace, whole and as it is given to somebody who holds it already."""

    route: Any
    endpoint: Callable[..., Any]
    workspace: str
    etag: str
    whole: Response
    same: Response


class Answers:
    """The immutable answers on the shelf of results; they hold for one address and one Accept header."""

    def __init__(self, results: Results, door: Doorkeeper) -> None:
        self._results, self._door = results, door

    async def again(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Response | None:
        """Return the answer to a request that was answered before, None where there is none.

        Raises Refusal where the request may not see it.
        """
        if scope["method"] not in ("GET", "HEAD"):
            return None
        kept: Kept | None = self._results.find(_address(scope, headers.get(b"accept", b"")))
        if kept is None:
            return None
        scope["route"] = kept.route
        request = Request(scope)
        await self._door.admit(request, kept.endpoint, kept.workspace)
        return kept.same if holds(request, kept.etag) else kept.whole

    def keep(self, request: Request, response: Response) -> None:
        """Keep a good answer of an immutable route."""
        if response.status_code != 200:
            return
        scope, etag = request.scope, response.headers["etag"]
        kept = Kept(
            route=scope["route"],
            endpoint=scope["endpoint"],
            workspace=request.path_params["workspace"],
            etag=etag,
            whole=response,
            same=Response(None, 304, caching(etag)),
        )
        accept = request.headers.get("accept", "").encode("latin-1")
        self._results.put(_address(scope, accept), kept, len(response.body) + _ROOM)


def _address(scope: Scope, accept: bytes) -> Hashable:
    return "answer", scope["path"], scope["query_string"], accept
