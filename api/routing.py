"""The route class of the service: checks access first, then answers a repeated POST from memory.

Access comes before the body is read, so that nobody uploads what they may not, and nobody learns from
a validation message what is there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from api.access import Principal, permission_of
from api.errors import Refusal
from api.services import Services, services_of
from store import idempotency

KEY_HEADER = "idempotency-key"
REPLAYED = "idempotency-replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_KEPT_HEADERS = ("content-type", "location", "etag", "cache-control")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class GuardedRoute(APIRoute):
    """A route whose endpoint declares its permission with `needs`; one that does not is refused at start."""

    def get_route_handler(self) -> Handler:
        """Return the handler of the route with access and idempotency around it."""
        inner = super().get_route_handler()
        endpoint = self.endpoint
        permission_of(endpoint)  # a route that declares none is refused here, at start
        immutable: bool = endpoint.__immutable__  # type: ignore[attr-defined]

        async def handle(request: Request) -> Response:
            services = services_of(request)
            workspace = request.path_params.get("workspace", "")
            request.state.principal = principal = await services.door.admit(request, endpoint, workspace)
            key = request.headers.get(KEY_HEADER)
            if key is not None and request.method == "POST" and principal is not None:
                return await _once(services, principal, request, key, inner)
            response = await inner(request)
            if immutable:
                services.answers.keep(request, response)
            return response

        return handle


async def _once(
    services: Services, principal: Principal, request: Request, key: str, inner: Handler
) -> Response:
    """Do a POST once however often it is sent with the same key."""
    if not _KEY.fullmatch(key):
        raise Refusal("bad_request", "An Idempotency-Key has 1 to 200 visible ASCII characters.")
    scope = _hash(f"{principal.account.id} {request.method} {request.url.path}?{request.url.query}".encode())
    fingerprint = _hash(_without_boundary(await request.body(), request.headers.get("content-type", "")))
    store = services.store
    earlier = await run_in_threadpool(
        store.run, lambda session: idempotency.begin(session, scope, key, fingerprint)
    )
    if earlier is not None:
        return Response(earlier.body, earlier.status, {**earlier.headers, REPLAYED: "true"})
    try:
        response = await inner(request)
    except BaseException:
        await run_in_threadpool(store.run, lambda session: idempotency.release(session, scope, key))
        raise
    answer = _answer(response)
    if answer is None:
        await run_in_threadpool(store.run, lambda session: idempotency.release(session, scope, key))
    else:
        await run_in_threadpool(store.run, lambda session: idempotency.finish(session, scope, key, answer))
    return response


def _answer(response: Response) -> idempotency.Answer | None:
    """Return an answer worth keeping: a success whose body is all there."""
    body = getattr(response, "body", None)
    if response.status_code >= 300 or not isinstance(body, bytes):
        return None
    kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return idempotency.Answer(response.status_code, kept, body)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _without_boundary(body: bytes, content_type: str) -> bytes:
    """Return a body as it would be with any boundary: clients draw a new one each time they send."""
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    return body.replace(boundary[1].encode(), b"boundary") if boundary else body
