"""What the routes share: settings, store, runner, door, metrics. One value per server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from fastapi import Request

from api.access import Doorkeeper, Principal
from api.kept import Answers
from api.metrics import Metrics
from api.results import Results
from api.settings import Settings
from jobs.running import Runner
from jobs.workshop import Actor, Workshop
from store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a route may use."""

    settings: Settings
    store: Store
    workshop: Workshop
    runner: Runner
    door: Doorkeeper
    metrics: Metrics
    results: Results
    answers: Answers


def services_of(request: Request) -> Services:
    """Return the services of the application that answers a request."""
    found: Services = request.app.state.services
    return found


def principal_of(request: Request) -> Principal:
    """Return who is asking, on a route that needs somebody."""
    found: Principal = request.state.principal
    return found


def actor_of(request: Request) -> Actor:
    """Return on whose behalf a request acts, in the workspace of its address."""
    state = request.scope["state"]
    return Actor(
        principal_of(request).account.name, request.path_params.get("workspace", ""), state["request_id"]
    )


def today() -> date:
    """Return the present day in UTC: the day a comparison is made for where none is named."""
    return datetime.now(UTC).date()
