"""The application: settings in, a FastAPI app out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from fastapi.telemetry import TelemetryConfig
from starlette.concurrency import run_in_threadpool

from api import errors, logs
from api.access import Doorkeeper, needs, permission_of
from api.guard import Guard
from api.kept import Answers
from api.metrics import Metrics
from api.pages import comparison, overview, signing_in
from api.pages import reviews as page_reviews
from api.pages import uploads as page_uploads
from api.permissions import ANYBODY
from api.release import release
from api.results import Results
from api.routes import (
    accounts,
    comparisons,
    health,
    jobs,
    library,
    matrix,
    reports,
    reviews,
    uploads,
    workspaces,
)
from api.routes.shared import API, IN_WORKSPACE
from api.routing import GuardedRoute
from api.services import Services
from api.settings import Settings
from api.tables import answer
from engine.matching import default_matcher
from jobs.running import LocalRunner, Runner
from jobs.workshop import Workshop
from store import Store, retention

SWEEP_EVERY = 3600.0  # seconds between two rounds of throwing away what is over
ABOUT = """Compare a foreign trusted-trader program with C-TPAT, for mutual recognition.

Lists come as `{items, next, total}`, or as CSV. Every failure is `application/problem+json` with a stable
`code`. Sign in with `Authorization: Bearer TOKEN`. See docs/api.md."""
# The service counts and logs by itself; the framework's records would hold the texts of errors, which may
# quote criteria (docs/decisions/0051).
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
PAGES = (signing_in, overview, comparison, page_uploads, page_reviews)
# Routes are tried in this order, so those that dashboards read most come first.
MODULES = (comparisons, library, matrix, uploads, reviews, reports, jobs, workspaces, accounts, health)


def _examples() -> tuple[tuple[tuple[str, str], dict[str, Any]], ...]:
    """Return a good request for each operation that takes JSON: method, path, body."""
    raw = yaml.safe_load(Path(__file__).with_name("examples.yaml").read_text(encoding="utf-8"))
    known = {(method, path) for method, path, _ in declared()}
    found = []
    for place, body in raw.items():
        method, path = place.split(" ")
        whole = (method, API + path) if (method, API + path) in known else (method, IN_WORKSPACE + path)
        found.append((whole, body))
    return tuple(found)


def create_app(settings: Settings, runner: Callable[[Workshop, int], Runner] = LocalRunner) -> FastAPI:
    """Return the application on a database whose tables are up to date (`mra db upgrade`).

    `runner` makes what runs long work: `mra serve` gives the job engine, of which a process has one.
    Raises StoreError for a database that cannot be used.
    """
    services = _services(settings, runner)
    app = FastAPI(
        title="mutual-recognition",
        version=release(),
        description=ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        telemetry=NO_TELEMETRY,
    )
    app.router.route_class = GuardedRoute
    app.state.services = services
    errors.install(app)
    for module in MODULES:
        app.include_router(module.routes)
    for pages in PAGES:
        app.include_router(pages.routes)
    _add_openapi(app)
    app.add_middleware(Guard, settings=settings, metrics=services.metrics, answers=services.answers)
    return app


def _services(settings: Settings, runner: Callable[[Workshop, int], Runner]) -> Services:
    store = Store(settings.database_url)
    workshop = Workshop(store, settings.policy)
    door, results = Doorkeeper(store, settings.sign_in_limit), Results()
    return Services(
        settings=settings,
        store=store,
        workshop=workshop,
        runner=runner(workshop, settings.job_workers),
        door=door,
        metrics=Metrics(),
        results=results,
        answers=Answers(results, door),
    )


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    sweeping = asyncio.create_task(_sweep(services))
    try:
        yield
    finally:
        sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeping
        await run_in_threadpool(services.runner.close, services.settings.shutdown_seconds)
        await run_in_threadpool(default_matcher().close)
        services.store.close()


async def _sweep(services: Services) -> None:
    """Throw away, from time to time, what is over: sessions, links, idempotency keys, old jobs."""
    while True:
        await asyncio.sleep(SWEEP_EVERY)
        try:
            await run_in_threadpool(services.store.run, retention.sweep)
        except Exception as error:  # noqa: BLE001 - the next round tries again; the service goes on
            logs.service.error("sweep failed", exc_info=error)


def _add_openapi(app: FastAPI) -> None:
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(document(app))
        return made

    app.openapi = openapi  # type: ignore[method-assign]

    @app.get("/api/v1/openapi.json", include_in_schema=False)
    @needs(ANYBODY)
    def show_openapi(request: Request) -> Response:
        return answer(openapi())


def declared() -> Iterator[tuple[str, str, str]]:
    """Yield method, path and permission of every documented route."""
    for module in MODULES:
        for route in module.routes.routes:
            if isinstance(route, GuardedRoute):
                for method in sorted(route.methods or ()):
                    yield method, route.path_format, permission_of(route.endpoint)


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document: every route with its permission and how to sign in."""
    found = get_openapi(
        title=app.title, version=app.version, openapi_version="3.1.0", description=ABOUT, routes=app.routes
    )
    parts = found.setdefault("components", {})
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An API token."},
        "session": {"type": "apiKey", "in": "cookie", "name": "mra_session"},
    }
    permissions = {(path, method): permission for method, path, permission in declared()}
    examples = dict(EXAMPLES)
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            permission = permissions[path, method.upper()]
            operation["x-permission"] = permission
            example = examples.get((method.upper(), path))
            if example is not None:
                operation["requestBody"]["content"]["application/json"]["example"] = example
            operation["security"] = [] if permission == ANYBODY else [{"token": []}, {"session": []}]
    return found


EXAMPLES = _examples()
