"""What surrounds every request: its id, the host check, limits, security headers, metrics and the log line.

One plain ASGI layer, because it runs for every request and each further layer costs time. An error
that nothing inside handled becomes problem details here, so that it too carries the headers.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import logs
from api.errors import Refusal, response_to
from api.kept import Answers
from api.limiting import RateLimit
from api.metrics import Metrics
from api.settings import MEGABYTE, Settings
from criteria.problems import MraError

Headers = Mapping[bytes, bytes]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
UNSEEN = "(no route)"

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_TLS_ONLY = (b"strict-transport-security", b"max-age=31536000")


class Guard:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, *, settings: Settings, metrics: Metrics, answers: Answers) -> None:
        self._app = app
        self._answers = answers
        self._metrics = metrics
        self._hosts = settings.hosts
        self._headers = (*SECURITY_HEADERS, _TLS_ONLY) if settings.secure_cookies else SECURITY_HEADERS
        self._largest_file = settings.upload_limit_mb * MEGABYTE + 64 * 1024  # room for the form around it
        self._largest_body = settings.body_limit_kb * 1024
        self._rate = RateLimit(settings.rate_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Of a name sent twice the first counts, as it does for the routes.
        headers = dict(reversed(scope["headers"]))
        exchange = Exchange(scope, headers, send, self._headers)
        self._metrics.in_flight += 1
        try:
            await self._answer(exchange, headers, receive)
        finally:
            self._metrics.in_flight -= 1
            exchange.finish(self._metrics)

    async def _answer(self, exchange: Exchange, headers: Headers, receive: Receive) -> None:
        scope = exchange.scope
        try:
            limit = self._admit(scope, headers)
            if (known := await self._answers.again(scope, headers)) is not None:
                await known(scope, receive, exchange.send)
                return
            inner = {**scope, "method": "GET"} if exchange.head else scope
            await self._app(inner, _limited(receive, limit), exchange.send)
            if exchange.head:
                scope["route"] = inner.get("route")
        except Exception as error:
            if not isinstance(error, MraError):
                logs.service.error(
                    "request failed", exc_info=error, extra={"request_id": exchange.request_id}
                )
            if exchange.status:
                raise  # the answer has begun: all that is left is to break it off
            response = response_to(error, scope["path"], exchange.request_id)
            await response(scope, receive, exchange.send)

    def _admit(self, scope: Scope, headers: Headers) -> int:
        """Return the largest body this request may have; raise Refusal where it is not let in."""
        if b"%00" in scope.get("query_string", b"") or "\x00" in scope["path"]:
            raise Refusal("bad_request", "The address holds a NUL character.")
        host = _host_name(headers.get(b"host", b"").decode("latin-1"))
        if self._hosts and host not in self._hosts:
            raise Refusal("wrong_host")
        wait = self._rate.wait(_caller(scope, headers))
        if wait:
            raise Refusal("too_many_requests", headers={"retry-after": str(wait)})
        multipart = headers.get(b"content-type", b"").startswith(b"multipart/form-data")
        limit = self._largest_file if multipart else self._largest_body
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > limit:
            raise Refusal("too_large", f"The body has {int(length):,} bytes; at most {limit:,} are taken.")
        return limit


class Exchange:
    """One request on its way: adds the headers to the answer, and tells the log and the metrics."""

    __slots__ = ("_extra", "_send", "_started", "head", "request_id", "scope", "sent", "status")

    def __init__(
        self, scope: Scope, headers: Headers, send: Send, extra: Iterable[tuple[bytes, bytes]]
    ) -> None:
        self.scope, self._send = scope, send
        self._started = time.perf_counter()
        self.request_id = _request_id(headers)
        self.head = scope["method"] == "HEAD"  # answered as GET is, without the body
        self.status = 0
        self.sent = 0
        self._extra = (*extra, (b"x-request-id", self.request_id.encode()))
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def send(self, message: Message) -> None:
        """Pass a message on, with the headers that every answer carries."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            if not any(name == b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": [*headers, *self._extra]}
        elif message["type"] == "http.response.body":
            if self.head:
                message = {**message, "body": b""}
            self.sent += len(message.get("body", b""))
        await self._send(message)

    def finish(self, metrics: Metrics) -> None:
        """Count and log the request."""
        seconds = time.perf_counter() - self._started
        route = getattr(self.scope.get("route"), "path", UNSEEN) or UNSEEN
        method = self.scope["method"]
        known = method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else "OTHER"
        status = self.status or 499  # the caller left before an answer
        metrics.observe(known, route, status, seconds)
        logs.request(
            request_id=self.request_id,
            method=known,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 1),
            bytes=self.sent,
            who=self.scope["state"].get("who"),
        )


def _request_id(headers: Headers) -> str:
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _host_name(value: str) -> str:
    """Return the name of a Host header, without port and brackets."""
    name = value.rsplit("]", 1)[0].lstrip("[") if value.startswith("[") else value.rsplit(":", 1)[0]
    return name.lower().rstrip(".")


def _caller(scope: Scope, headers: Headers) -> int:
    """Return who is counted together: those with the same token or cookie, else the same address."""
    client = scope.get("client") or ("",)
    return hash(headers.get(b"authorization") or headers.get(b"cookie") or client[0])


def _limited(receive: Receive, limit: int) -> Receive:
    """Return `receive` with an end: a body without a stated length is cut off at the limit."""
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                raise HTTPException(413, f"The body is longer than {limit:,} bytes.")
        return message

    return limited
